"""What the other rooms need from the journal; another engine can implement it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, Counts, LoadPlan
    from target_salesforce_bulk.journal.expected import Answer
    from target_salesforce_bulk.journal.failed_rows import FailedRow, StoredFailedRow
    from target_salesforce_bulk.journal.failure_store import FailureGroup, Selection
    from target_salesforce_bulk.journal.fingerprints import Layout
    from target_salesforce_bulk.journal.lifecycle import BatchState, Event
    from target_salesforce_bulk.journal.order import Written
    from target_salesforce_bulk.journal.outcome import Outcome
    from target_salesforce_bulk.journal.recognised import Coverage, Position
    from target_salesforce_bulk.journal.top_rows import TopRows


class FailedRows(Protocol):
    """The stored failed rows."""

    def has_row_of(self, plan: LoadPlan, same_key: str) -> bool:
        """Whether a failed row of a record is stored that came in the stream of a plan."""

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

    def select_in_order(self, chosen: Selection) -> Iterator[StoredFailedRow]:
        """The failed rows of a selection that are stored by now, the older of a record first."""

    def discard(self, chosen: Selection) -> int:
        """Forget the failed rows of a selection; how many."""

    def streams(self, run_id: str) -> list[str]:
        """The streams of a run that have failed rows."""

    def headers(self, run_id: str, stream: str) -> list[str]:
        """The columns that failed rows of a stream have, over all its batches in a run."""

    def groups(self, chosen: Selection) -> list[FailureGroup]:
        """Failed rows by stream and code, the most frequent first."""


class Recognised(Protocol):
    """What is remembered of rows that the tap may send again."""

    @property
    def decided(self) -> bool:
        """Whether it is known which covered rows come again."""

    def begin(self) -> None:
        """Treat all existing batches as those of earlier runs."""

    def note_states_of(self, streams: Iterable[str]) -> None:
        """Note that the tap sends STATE for streams."""

    def forget_states_of(self, stream: str) -> None:
        """Note that the tap has sent no STATE for a stream in a run that was read to its end."""

    def has_states(self, stream: str) -> bool:
        """Whether the tap sent STATE for a stream in the newest run that says so."""

    def completion(self, stream: str) -> dict[int, Position | None]:
        """What is covered when a run has brought a stream to its end.

        Rows that were expected, did not come again and stand before the last one that did will not
        come. Those after it may: the tap may have broken off at a STATE.
        """

    def settle_decision(self, number: int | None) -> None:
        """Decide which covered rows come again, by the number that the first STATE brought back.

        Args:
            number: It; None where nothing came back, so that what was written counts as kept.
        """

    def expects(self, plan: LoadPlan) -> bool:
        """Whether rows of a stream may come again that are to be left out."""

    def expects_any(self, stream: str) -> bool:
        """Whether rows of a stream that an earlier run processed may still come again."""

    def bookmarks(self, stream: str) -> list[Any]:
        """The bookmarks at which rows of a stream may come again: one, once it is decided."""

    def top_rows(self, stream: str) -> TopRows | None:
        """The rows at the bookmark of a stream, as the last confirmed STATE left them."""

    def match(self, stream: str, layout: Layout, lines: Sequence[bytes]) -> list[Answer]:
        """What is known of rows that have come, in their order.

        Args:
            stream: Their stream.
            layout: The headers of their lines.
            lines: Their CSV lines.
        """

    def match_refused(self, stream: str, fingerprint: bytes) -> Answer:
        """What is known of a row that our own checks refused."""

    def match_top(self, stream: str, layout: Layout, line: bytes, same_key: str | None) -> Answer:
        """What is known of a row at the bookmark.

        A row without a key is taken once for each time that it was there. One with a key is known
        if it is the last of its record there: loading an earlier one again is for the order to say.

        Args:
            stream: Its stream.
            layout: The headers of its line; `NO_LINE` where that is a fingerprint.
            line: Its line.
            same_key: Its key, in the form in which keys compare.
        """

    def expects_records(self, stream: str) -> bool:
        """Whether rows of records may come again at the bookmark of a stream."""

    def write_records(self, stream: str, same_keys: Iterable[str]) -> None:
        """Expect no more rows of records that are written again in this run.

        A row that was there has to be loaded after those that stood before it.
        """

    def leave_top(self, stream: str) -> None:
        """Expect no more rows at the bookmark: the tap has started further back."""

    def taken(self, stream: str) -> int:
        """How many rows of a stream have come again."""

    @property
    def taken_in_all(self) -> int:
        """How many rows have come again, of all streams."""

    def forget_stream(self, stream: str) -> int:
        """Forget all that is remembered of a stream; how many rows of it could have come again."""


class Waiting(Protocol):
    """The rows that wait to be sent again."""

    def overwritten(self, batch_id: int) -> dict[str, Written]:
        """What newer rows have written of the rows of a child batch, by key."""


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
        """What is remembered of rows that the tap may send again."""

    @property
    def waiting(self) -> Waiting:
        """The rows that wait to be sent again."""

    def close(self) -> None:
        """Release the state directory."""

    def start_run(self, run_id: str) -> None:
        """Note that a run has begun; everything stored from now on belongs to it."""

    def leave_run(self) -> None:
        """Record that the process was not killed: its output to stdout is complete."""

    def end_run(self) -> None:
        """Note that a run read its input to the end and left nothing unsettled."""

    @property
    def remembers_rows(self) -> bool:
        """Whether there are rows that may come again."""

    def newest_state(self) -> int:
        """The number of the newest STATE; 0 where there was none."""

    def intend_state(self, coverage: Coverage) -> int:
        """Note what a STATE will cover that is about to be written; its number."""

    def state_written(self, number: int, coverage: Coverage, value: Any, *, numbered: bool) -> None:
        """Record that a STATE was written, and release the batches that it covers.

        Args:
            number: Its number.
            coverage: What it covers.
            value: The STATE without our part.
            numbered: Whether it carries the number.
        """

    def keep_state(self, value: Any) -> None:
        """Keep the STATE that was written last."""

    def last_state(self) -> Any:
        """The STATE that was written last, by this run or an earlier one; None where none was."""

    @property
    def last_state_in_doubt(self) -> bool:
        """Whether a run was killed, so that nobody knows which STATE the runner kept."""

    def complete_without_state(self, stream: str) -> None:
        """Note that a run has brought a stream to its end whose tap sends no STATE."""

    def release_settled(self) -> None:
        """Release all batches that have an outcome: what may come again is remembered elsewhere."""

    def sweep(self) -> None:
        """Remove folders of batches that an interrupted run left behind."""

    def delete_old(self, before: str) -> None:
        """Delete batches and runs that ended before a time, unless something still needs them.

        Failed rows that are stored, and rows that may come again, need their batch.

        Args:
            before: In the format of ISO 8601, in UTC.
        """

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

    def settle(self, batch: Batch, outcome: Outcome) -> tuple[Counts, list[Batch]]:
        """Store the outcome of every row of a batch, in one transaction.

        Removes the stored failed rows that the batch resent, and older ones whose keys it loaded.
        Rows that are to be resent become child batches.

        Returns:
            The counts, and the child batches.
        """

    def abandon(self, batch_id: int) -> None:
        """Give up a batch of which nothing was processed, and remove its files."""

    def batches(self, *states: BatchState) -> list[Batch]:
        """The batches in any of these states, oldest first."""

    def knows_job(self, job_id: str) -> bool:
        """Whether this journal created a job."""

    def note_api_usage(self, used: int, allowed: int) -> None:
        """Note how much of the org's API requests is used now."""

    def recent_jobs(self, number: int) -> list[dict[str, Any]]:
        """The newest batches with their jobs and outcomes, newest first."""

    def plan_of(self, row: StoredFailedRow) -> LoadPlan:
        """The plan of the batch that a failed row belonged to."""

    def retry(
        self, batch: Batch, row_ids: Sequence[int], *, rows: int, size: int, merged: int = 0
    ) -> Batch:
        """Seal a batch that resends stored failed rows, and note which rows.

        They stay stored until the batch is settled.
        """

    def adopt(self, plan: LoadPlan, job_id: str, rows: Iterable[FailedRow]) -> None:
        """Store the failed rows of a job that another machine created."""
