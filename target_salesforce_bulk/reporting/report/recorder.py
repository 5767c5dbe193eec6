"""Collects the facts of a run while it goes on, as an observer of its batches."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.loading.events import BatchSettled, RowsKept
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.reporting.report.job_times import MOST, JobNotes, WallClock, as_time
from target_salesforce_bulk.reporting.report.outcomes import add, rows_of
from target_salesforce_bulk.reporting.report.schema import BatchFacts, ReadingFacts, Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.journal.batch import Batch, Counts
    from target_salesforce_bulk.loading.events import Event

#: Characters of the name of a stream.
_LONGEST_NAME = 1_000


class RunRecorder:
    """Keeps what a report needs of each batch, in little memory; made on the reading thread.

    Args:
        run_id: The run.
        clock: Seconds since 1970.
        cpu_clock: CPU seconds of the calling thread.
    """

    def __init__(
        self,
        run_id: str,
        *,
        clock: Callable[[], float] | None = None,
        cpu_clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self.run_id = run_id
        self.clock = clock or WallClock()
        #: When the run began.
        self.started = self.clock()
        #: What is noted of jobs.
        self.jobs = JobNotes(self.clock)
        self.batches: list[BatchFacts] = []
        self.batches_left_out = 0
        self._cpu_clock = cpu_clock
        self._cpu_started = cpu_clock()
        self._reading: ReadingFacts | None = None
        self._mutex = threading.Lock()
        self._rows: dict[str, Rows] = {}
        self._created: dict[int, int] = {}

    def input_ended(self) -> None:
        """The input was read to its end; called on the reading thread."""
        self._reading = self._read_so_far(complete=True)

    @property
    def reading(self) -> ReadingFacts:
        """How the input was read so far; asked on the reading thread."""
        return self._reading or self._read_so_far(complete=False)

    def _read_so_far(self, *, complete: bool) -> ReadingFacts:
        return ReadingFacts(
            seconds=round(self.clock() - self.started, 3),
            cpu_seconds=round(self._cpu_clock() - self._cpu_started, 3),
            complete=complete,
        )

    def note_created(self, batch_id: int, number: int) -> None:
        """How many records the rows of a batch have created, before it is settled."""
        with self._mutex:
            self._created[batch_id] = number

    def observe(self, event: Event) -> None:
        """Keep the facts of a batch that is settled."""
        match event:
            case BatchSettled():
                self._add(event.batch, event.counts, event.api_calls, event.seconds)
            case RowsKept():
                self._add(event.batch, event.counts, 0, 0.0)

    def _add(self, batch: Batch, counts: Counts, api_calls: int, seconds: float) -> None:
        plan = batch.plan
        with self._mutex:
            rows = rows_of(counts, plan.operation, self._created.pop(batch.id, None))
            self._rows[plan.stream] = add(self._rows.get(plan.stream), rows)
            if len(self.batches) >= MOST:
                self.batches_left_out += 1
                return
            self.batches.append(
                BatchFacts(
                    **facts_of(batch, self.run_id),
                    outcome=rows,
                    api_calls=api_calls,
                    seconds=round(seconds, 3),
                    settled_at=as_time(self.clock()),
                )
            )

    def rows(self, stream: str) -> Rows:
        """The rows of a stream by outcome."""
        with self._mutex:
            return self._rows.get(stream, Rows())


def stream_name(stream: str) -> str:
    """The name of a stream as a report has it: one that can be encoded and shown."""
    return plain_text(stream, _LONGEST_NAME)


def facts_of(batch: Batch, run_id: str) -> dict[str, Any]:
    """What a report has of any batch, whether it is settled or not."""
    return {
        "id": batch.id,
        "stream": stream_name(batch.plan.stream),
        "object": batch.plan.sobject,
        "operation": str(batch.plan.operation),
        "rows": batch.rows,
        "bytes": batch.size,
        "merged": batch.merged,
        "job": batch.job_id or "",
        "jobs_made": batch.jobs_made,
        "parent": batch.parent_id,
        "earlier_run": batch.run_id != run_id,
    }
