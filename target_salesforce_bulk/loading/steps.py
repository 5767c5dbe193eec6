"""Measures the steps of a batch, and publishes each when it is over."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from target_salesforce_bulk.journal.batch import Batch
from target_salesforce_bulk.loading.events import StepEnded
from target_salesforce_bulk.salesforce.job import JobInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.loading.events import Events, Step

_T = TypeVar("_T")


class Steps:
    """Takes steps; safe to call from any thread.

    Args:
        events: Receives a `StepEnded` for each.
        now: Seconds since 1970.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        events: Events,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._events = events
        self._now = now
        self._clock = clock

    def take(self, step: Step, batch: Batch, act: Callable[[], _T]) -> _T:
        """Take a step of a batch; returns and raises as `act` does.

        If `act` returns the batch in its next state or the job, the event has it.
        """
        started_at, started = self._now(), self._clock()
        error, result = "", None
        try:
            result = act()
        except BaseException as raised:
            error = type(raised).__name__
            raise
        finally:
            self._events.publish(
                StepEnded(
                    batch=result if isinstance(result, Batch) else batch,
                    step=step,
                    started_at=started_at,
                    seconds=self._clock() - started,
                    error=error,
                    job=result if isinstance(result, JobInfo) else None,
                )
            )
        return result
