"""How many rows of a stream may fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_salesforce_bulk.loading.tally import StreamTally

#: Before so many rows of a stream have an outcome, a share that failed says little.
ROWS_TO_JUDGE_BY = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """What may fail of each stream."""

    max_failed_percent: float
    max_failed_rows: int | None = None

    def problems(self, tally: StreamTally) -> list[str]:
        """Each threshold that a stream has passed, as a sentence."""
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
        """Why the rest of a stream should not be sent; empty while too little is known.

        Args:
            tally: What became of the stream so far.
            canary: Whether the newest outcome is that of its canary, which always counts.
        """
        if tally.counts.known < ROWS_TO_JUDGE_BY and not canary:
            return ""
        return next((f"{each} The rest of it is not sent." for each in self.problems(tally)), "")
