"""The emulator's own resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.emulator.org.faults import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.http.request_log import RequestLog
    from target_salesforce_bulk.emulator.org.org import Org


def test_a_reset(org: Org, log: RequestLog, call: Callable[..., Any]) -> None:
    """It forgets records and requests; the one user stays."""
    org.insert("Account", [{"Name": "Acme"}])
    log.add("GET", "/services/data", 200)
    call("POST", "/_emulator/reset")

    assert call("GET", "/_emulator/counts").json == {"User": 1}
    assert call("GET", "/_emulator/requests").json == []


def test_requests_are_listed(log: RequestLog, call: Callable[..., Any]) -> None:
    """In order, with a number each."""
    log.add("GET", "/services/data", 200)
    log.add("POST", "/services/oauth2/token", 0, "client=me")
    names = ("number", "method", "path", "status", "call_options")

    assert call("GET", "/_emulator/requests").json == [
        dict(zip(names, (1, "GET", "/services/data", 200, ""), strict=True)),
        dict(zip(names, (2, "POST", "/services/oauth2/token", 0, "client=me"), strict=True)),
    ]


def test_a_fault_is_added_by_the_name_of_its_kind(org: Org, call: Callable[..., Any]) -> None:
    """With its other members."""
    call("POST", "/_emulator/faults", body=b'{"kind": "status", "status": 429, "times": 2}')

    assert org.faults.take("GET", "/") == Fault(kind=FaultKind.STATUS, status=429, times=1)


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [
        (b'{"rows_per_second": 5}', 200, {}),
        (b'{"nope": 5}', 400, {"error": "The emulator has no setting nope."}),
    ],
)
def test_settings(call: Callable[..., Any], body: bytes, status: int, answer: Any) -> None:
    """An unknown one is refused by name."""
    found = call("POST", "/_emulator/settings", body=body)

    assert (found.status, found.json) == (status, answer)
