"""When to poll a job: rarely, but soon after it ends."""

from __future__ import annotations

from dataclasses import dataclass

#: Share of the expected remaining time to wait before the next poll.
_SHARE_OF_THE_REST = 0.9
#: Growth of the interval while a job shows no progress.
_GROWTH = 1.5


@dataclass(frozen=True, kw_only=True, slots=True)
class PollPlan:
    """How to wait for a job."""

    #: Minimum and maximum time between two polls.
    interval_seconds: float = 2.0
    max_interval_seconds: float = 30.0
    #: Counted from the job's last progress.
    timeout_seconds: float = 3600.0


class Pace:
    """Predicts the end of one job from its progress.

    Args:
        plan: How to wait.
        rows: Number of rows of the job.
        now: Seconds on a monotonic clock.
        rows_per_second: Speed of an earlier job of the object; 0 if there was none.
    """

    def __init__(
        self, plan: PollPlan, rows: int, *, now: float, rows_per_second: float = 0.0
    ) -> None:
        self._plan = plan
        self._rows = rows
        self._processed = 0
        self._asked_at = now
        #: Seconds until the first poll.
        self.wait = self._within(
            _SHARE_OF_THE_REST * rows / rows_per_second if rows_per_second else 0.0
        )

    def answered(self, processed: int, now: float) -> float:
        """Seconds until the next poll, given the number of rows processed so far."""
        advanced, seconds = processed - self._processed, now - self._asked_at
        if advanced > 0 and seconds > 0:
            rest = max(self._rows - processed, 0) * seconds / advanced
            self.wait = self._within(_SHARE_OF_THE_REST * rest)
        else:
            self.wait = self._within(self.wait * _GROWTH)
        self._processed, self._asked_at = processed, now
        return self.wait

    def _within(self, seconds: float) -> float:
        return min(max(seconds, self._plan.interval_seconds), self._plan.max_interval_seconds)
