"""A worker leaves when the run is being stopped, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from target_salesforce_bulk.loading.stopping import RunStoppedError, leave_if, sleep

if TYPE_CHECKING:
    import threading


class Stopping:
    """The event of a run, without time."""

    def __init__(self, *, is_set: bool) -> None:
        self._is_set = is_set
        self.waits: list[float] = []

    def is_set(self) -> bool:
        return self._is_set

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return self._is_set


def test_a_run_that_goes_on() -> None:
    """It sleeps as long as it was asked to."""
    event = Stopping(is_set=False)
    leave_if(cast("threading.Event", event))
    sleep(cast("threading.Event", event), 7)

    assert event.waits == [7]


def test_a_run_that_stops() -> None:
    """Both ways out are the same."""
    event = cast("threading.Event", Stopping(is_set=True))
    with pytest.raises(RunStoppedError):
        leave_if(event)
    with pytest.raises(RunStoppedError):
        sleep(event, 7)
