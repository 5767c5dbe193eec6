"""What the other rooms ask of the journal, so that another engine can stand behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, ChildDraft, Counts, LoadPlan
    from target_salesforce_bulk.journal.failed_rows import FailedRow, StoredFailedRow
    from target_salesforce_bulk.journal.failure_store import FailureGroup, Selection
    from target_salesforce_bulk.journal.lifecycle import BatchState, Event


class Outcome(Protocol):
    """What became of the rows of a batch; asked in the order of the methods."""

    def failed_rows(self) -> Iterator[FailedRow]:
        """Each row that did not arrive and is not sent again; read once."""

    def superseded(self) -> set[str]:
        """Keys of older failed rows that were loaded now."""

    def children(self) -> list[ChildDraft]:
        """The rows that are to be sent again."""

    def counts(self) -> Counts:
        """The sums."""


class FailedRows(Protocol):
    """The stored failed rows."""

    def open_keys(self, sobject: str) -> set[str]:
        """The keys of an object's failed rows, in the form in which keys compare."""

    def jobs(self) -> list[dict[str, Any]]:
        """The failed rows by job, as STATE tells of them; the oldest first.

        Rows that were never sent have no job.
        """

    def remember_foreign_job(self, job_id: str, entry: str) -> None:
        """Remember a job with failed rows that this journal has not made; "" for one dealt with."""

    def foreign_jobs(self) -> list[str]:
        """The jobs of other machines with rows that are still failed."""

    def select(self, chosen: Selection) -> Iterator[StoredFailedRow]:
        """The failed rows of a selection, in the order in which they were stored."""

    def discard(self, chosen: Selection) -> int:
        """Forget the failed rows of a selection; how many."""

    def streams(self, run_id: str) -> list[str]:
        """The streams of a run that have failed rows."""

    def headers(self, run_id: str, stream: str) -> list[str]:
        """The columns that failed rows of a stream have, over all its batches in a run."""

    def groups(self, chosen: Selection) -> list[FailureGroup]:
        """Failed rows by stream and code, the most frequent first."""


class Recognised(Protocol):
    """The rows that an interrupted run loaded and that the tap sends again."""

    def numbers(self, stream: str) -> dict[str, int]:
        """How many rows of a stream may come again, by the fingerprint of their field map."""

    def take(self, plan: LoadPlan, fingerprint: bytes) -> bool:
        """Whether a row is one that an earlier run dealt with; each is taken once."""

    @property
    def taken(self) -> int:
        """How many rows have come again."""

    def cover(self, taken: int) -> None:
        """Forget the first so many of the rows that came again: STATE covers them now."""

    def forget_stream(self, stream: str) -> int:
        """Forget which rows of a stream were dealt with; how many."""


class Journal(Protocol):
    """The durable store of batches and failed rows; safe to call from any thread."""

    @property
    def state_dir(self) -> Path:
        """The folder of everything that must outlive the process."""

    @property
    def failures(self) -> FailedRows:
        """The failed rows."""

    @property
    def recognised(self) -> Recognised:
        """The recognised rows."""

    def close(self) -> None:
        """Release the state directory."""

    def start_run(self, run_id: str) -> None:
        """Note that a run has begun; everything stored from now on belongs to it."""

    def end_run(self, *, stateless: bool) -> None:
        """Note that a run has read all of its input and settled every batch.

        Args:
            stateless: The tap sent no STATE: it starts over in each run by design, so no row of
                this run needs to be recognised. If it did send STATE, rows after the last one
                mean that the tap broke off, and they will come again.
        """

    def cover(self, batch_id: int, position: tuple[int, int] | None) -> None:
        """Note that the last written STATE covers a settled batch.

        Args:
            batch_id: The batch.
            position: How many of its rows and of its refused rows are covered; None for all.
        """

    def cover_recognised(self, taken: int) -> None:
        """Note how many of the recognised rows the last written STATE covers."""

    def remember_uncovered_rows(self) -> None:
        """Remember the rows of earlier runs that no STATE covers, and release their batches."""

    def sweep(self) -> None:
        """Remove folders of batches that an interrupted run left behind."""

    def open_batch(self, plan: LoadPlan) -> Batch:
        """Create a batch and its folder, to be filled by a sink."""

    def record(self, batch_id: int, event: Event, **facts: Any) -> Batch:
        """Move a batch to its next state, and store facts (rows, size, merged, job_id, jobs_made).

        Raises:
            IllegalTransitionError: the event is illegal in the batch's state; nothing has changed.
        """

    def seal(self, batch_id: int, *, rows: int, size: int, merged: int) -> Batch:
        """Note that a batch is complete, with its number of rows and its size in bytes."""

    def resolve(self, batch: Batch, *, rows: int, size: int) -> Batch:
        """Note that record Ids were added to a batch's CSV, and how many rows are left."""

    def reduce(self, batch: Batch, *, rows: int, size: int) -> Batch:
        """Note that rows were dropped from a batch because newer ones have been loaded."""

    def settle(
        self,
        batch: Batch,
        outcome: Outcome,
    ) -> tuple[Counts, list[Batch]]:
        """Store the outcome of every row of a batch, in one transaction.

        Removes the stored failed rows that the batch resent, and older ones whose keys it loaded.
        Rows that are to be resent become child batches.

        Returns:
            The counts, and the child batches.
        """

    def later_batches(self, batch: Batch) -> list[Batch]:
        """Batches of the same object with newer rows, whose jobs have been closed already."""

    def abandon(self, batch_id: int) -> None:
        """Give up a batch of which nothing was processed, and remove its files."""

    def batches(self, *states: BatchState) -> list[Batch]:
        """The batches in any of these states, oldest first."""

    def sealed_at(self, batch: Batch) -> datetime:
        """When a batch without a job was sealed."""

    def knows_job(self, job_id: str) -> bool:
        """Whether this journal created a job."""

    def recent_jobs(self, number: int) -> list[dict[str, Any]]:
        """The newest batches with their jobs and outcomes, newest first."""

    def plan_of(self, row: StoredFailedRow) -> LoadPlan:
        """The plan of the batch that a failed row belonged to."""

    def retry(self, batch: Batch, row_ids: Sequence[int], *, rows: int, size: int) -> Batch:
        """Seal a batch that resends stored failed rows, and note which rows.

        They stay stored until the batch is settled.
        """

    def adopt(self, plan: LoadPlan, job_id: str, rows: Iterable[FailedRow]) -> None:
        """Store the failed rows of a job that another machine created."""
