"""Which requests go wrong."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.emulator.org.faults import Fault, FaultBox, FaultKind


def hits(number: int, **facts: Any) -> list[bool]:
    """Which of some requests to the same path a fault hits."""
    box = FaultBox()
    box.add(Fault(kind=FaultKind.STATUS, **facts))
    return [box.take("GET", "/a") is not None for _ in range(number)]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, [True, False, False]),
        ({"times": 2}, [True, True, False]),
        ({"times": -1}, [True, True, True]),
        ({"after": 2}, [False, False, True]),
        ({"times": -1, "probability": 0.0}, [False, False, False]),
    ],
)
def test_how_often_a_fault_hits(facts: dict[str, Any], expected: list[bool]) -> None:
    """Once, so many times, always, after others, or by chance."""
    assert hits(3, **facts) == expected


@pytest.mark.parametrize(
    ("method", "path", "matches"),
    [
        ("PUT", "/jobs/1/batches", True),
        ("GET", "/jobs/1/batches", False),
        ("PUT", "/jobs/1/results", False),
    ],
)
def test_which_requests_a_fault_matches(method: str, path: str, matches: bool) -> None:
    """Those with its method whose path matches its glob."""
    fault = Fault(kind=FaultKind.HANG, method="PUT", path="*/batches")

    assert fault.matches(method, path) is matches


def test_the_first_fault_wins() -> None:
    """The next one hits the next request."""
    box = FaultBox()
    for kind in (FaultKind.HANG, FaultKind.DRIP):
        box.add(Fault(kind=kind))
    taken = [box.take("GET", "/") for _ in range(3)]

    assert [fault and fault.kind for fault in taken] == [FaultKind.HANG, FaultKind.DRIP, None]


def test_a_request_that_does_not_match_is_not_counted() -> None:
    """`after` counts matching requests."""
    box = FaultBox()
    box.add(Fault(kind=FaultKind.HANG, path="/a", after=1))
    taken = [box.take("GET", path) is not None for path in ("/b", "/a", "/b", "/a")]

    assert taken == [False, False, False, True]


def test_faults_are_removed() -> None:
    """All of them."""
    box = FaultBox()
    box.add(Fault(kind=FaultKind.HANG, times=-1))
    box.clear()

    assert box.take("GET", "/") is None
