"""What was lost is tried again a bounded number of times, with waits that may grow."""

from __future__ import annotations

import threading
from typing import cast

import pytest
from org_in_memory import Clock

from target_salesforce_bulk.loading import attempts as module
from target_salesforce_bulk.loading.attempts import Attempts
from target_salesforce_bulk.loading.stopping import RunStoppedError
from target_salesforce_bulk.salesforce.transport import RetryPolicy


def waits(
    monkeypatch: pytest.MonkeyPatch, policy: RetryPolicy, part: float
) -> tuple[list[float], int]:
    """The waits between attempts, each a part of what it may be; and how many attempts there were.

    Args:
        monkeypatch: Replaces chance.
        policy: The bounds.
        part: Where chance falls between the shortest and the longest wait.
    """
    monkeypatch.setattr(module.random, "uniform", lambda low, high: low + part * (high - low))
    clock = Clock()
    attempts = Attempts(policy, cast("threading.Event", clock), clock)
    while attempts.wait_for_another():
        pass
    return clock.waits, attempts.number


def test_waits_double_up_to_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance lies below that, down to nothing."""
    policy = RetryPolicy(attempts=10, max_seconds=10_000)

    assert waits(monkeypatch, policy, 1) == ([0.5, 1, 2, 4, 8, 16, 32, 60, 60], 10)
    assert waits(monkeypatch, policy, 0) == ([0] * 9, 10)


def test_time_ends_it_before_the_number_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait is begun that would end after it."""
    assert waits(monkeypatch, RetryPolicy(attempts=10, max_seconds=4), 1) == ([0.5, 1, 2], 4)


def test_a_run_that_stops_waits_no_longer() -> None:
    """The next run goes on."""
    stopping = threading.Event()
    stopping.set()
    attempts = Attempts(RetryPolicy(attempts=2, max_seconds=1000), stopping)

    with pytest.raises(RunStoppedError):
        attempts.wait_for_another()
