"""Failure thresholds of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_salesforce_bulk.loading.tally import StreamTally

#: With fewer outcomes than this, the failed percentage says little.
ROWS_TO_JUDGE_BY = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """The failures that each stream may have."""

    max_failed_percent: float
    max_failed_rows: int | None = None

    def problems(self, tally: StreamTally) -> list[str]:
        """One sentence for each threshold that a stream exceeds."""
        counts, problems = tally.counts, []
        if tally.failed_percent > self.max_failed_percent:
            problems.append(
                f"{counts.not_loaded} of {counts.known} rows of stream {tally.stream} failed, "
                f"{tally.failed_percent:.2f} %; max_failed_percent is {self.max_failed_percent:g}."
            )
        if self.max_failed_rows is not None and counts.not_loaded > self.max_failed_rows:
            problems.append(
                f"{counts.not_loaded} rows of stream {tally.stream} failed; max_failed_rows is "
                f"{self.max_failed_rows}."
            )
        return problems

    def early_problem(self, tally: StreamTally, *, canary: bool) -> str:
        """Why to stop a stream early; empty if it may go on or too little is known.

        Args:
            tally: The stream's outcomes so far.
            canary: Whether the newest outcome is from its canary, which always counts.
        """
        if tally.counts.known < ROWS_TO_JUDGE_BY and not canary:
            return ""
        return next(
            (f"{each} The rest of the stream is not sent." for each in self.problems(tally)), ""
        )
