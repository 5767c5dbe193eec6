"""When to ask whether a job has ended: rarely, but soon after it has."""

from __future__ import annotations

from dataclasses import dataclass

#: Of the time that a job is expected to take still, how much passes before the next question.
_SHARE_OF_THE_REST = 0.9
#: How the time between questions grows while nothing tells how long the job will take.
_GROWTH = 1.5


@dataclass(frozen=True, kw_only=True, slots=True)
class PollPlan:
    """How to wait for a job."""

    #: The time between two questions at the least, and at the most.
    interval_seconds: float = 2.0
    max_interval_seconds: float = 30.0
    #: Counted from the job's last progress.
    timeout_seconds: float = 3600.0


class Pace:
    """Foresees the end of one job from its progress.

    Args:
        plan: How to wait.
        rows: Rows of the job.
        now: Seconds, on a clock that never goes back.
        rows_per_second: What an earlier job of the object managed; 0 where there was none.
    """

    def __init__(
        self, plan: PollPlan, rows: int, *, now: float, rows_per_second: float = 0.0
    ) -> None:
        self._plan = plan
        self._rows = rows
        self._processed = 0
        self._asked_at = now
        #: Seconds until the first question.
        self.wait = self._within(
            _SHARE_OF_THE_REST * rows / rows_per_second if rows_per_second else 0.0
        )

    def answered(self, processed: int, now: float) -> float:
        """Seconds until the next question, after an answer said how many rows are processed."""
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
