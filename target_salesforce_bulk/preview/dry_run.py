"""A run that counts the rows it would load, and sends nothing."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.journal.failed_rows import read_refused
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.salesforce.objects import Objects
from target_salesforce_bulk.singer.recogniser import NothingToRecognise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.journal.recognised import Position
    from target_salesforce_bulk.loading.guards.deletes import DeleteGuard
    from target_salesforce_bulk.mapping.resolve import ResolvedStream
    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.singer.recogniser import Recogniser

_SAMPLE_KEYS = 5
#: Salesforce cuts a job into batches of at most so many rows.
#: https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide/salesforce-app-limits-platform-bulkapi.html
_ROWS_PER_BULK_BATCH = 10_000


class Reason:
    """The number of rows refused for one reason, with some of their keys."""

    def __init__(self) -> None:
        self.number = 0
        self.sample: list[str] = []

    def add(self, key: str | None) -> None:
        """Count a row."""
        self.number += 1
        if key is not None and len(self.sample) < _SAMPLE_KEYS:
            self.sample.append(key)


class Count:
    """The counts of one stream."""

    def __init__(self) -> None:
        self.read = 0
        #: Rows to be sent, deletes among them.
        self.rows = 0
        self.deletes = 0
        self.jobs = 0
        #: What Salesforce cuts the jobs into, which it allows a number of each day.
        self.bulk_batches = 0
        self.size = 0
        self.merged = 0
        self.refused = 0
        self.reasons: dict[tuple[str, str], Reason] = {}
        #: Why a run would stop the stream because of its deletes; empty if it would not.
        self.stopped = ""


class DryRun:
    """An intake that counts batches and discards them.

    Args:
        client: The connection to the org.
        folder: Temporary folder for the batches.
        deletes: What a run would stop a stream by.
    """

    def __init__(self, client: Client, folder: Path, deletes: DeleteGuard) -> None:
        self.objects = Objects(client)
        self._deletes = deletes
        self._journal = SqliteJournal(folder)
        self._journal.start_run("check")
        self._closed = False
        self.counts: dict[str, Count] = {}
        self.resolved: dict[str, ResolvedStream] = {}

    @property
    def intake(self) -> DryRun:
        """Itself."""
        return self

    def stream_started(self, stream: str, tap_stream: str, resolved: ResolvedStream) -> Count:
        """Start counting a stream."""
        self.resolved[stream] = resolved
        return self.counts.setdefault(stream, Count())

    def stream_left_out(self, stream: str, tap_stream: str) -> None:
        """Ignore it: it costs nothing."""

    def is_stopped(self, stream: str) -> bool:
        """Never: nothing is sent, so nothing fails."""
        return False

    def open_batch(self, plan: LoadPlan) -> Batch:
        """Create a batch."""
        return self._journal.open_batch(plan)

    def recogniser(
        self, plan: LoadPlan, *, replication_key: str | None, skip_repeated: bool
    ) -> Recogniser:
        """None: earlier runs do not matter here."""
        return NothingToRecognise()

    def when_decided(self, release: Callable[[], None]) -> None:
        """Ignore it: no row waits."""

    def note_schema(self) -> None:
        """Ignore it: nothing is acknowledged."""

    def note_rows(self, stream: str) -> None:
        """Ignore it: nothing is acknowledged."""

    def watch_position(self, batch: Batch, position: Callable[[], Position]) -> None:
        """Ignore it: a preview writes no STATE."""

    def row_limit(self, batch: Batch, limit: float) -> float:
        """The given limit: a preview has no canaries."""
        return limit

    def hand_over(self, batch: Batch, *, rows: int, size: int, merged: int) -> None:
        """Count a batch and discard it."""
        count = self.counts[batch.plan.stream]
        count.rows += rows
        count.size += size
        count.merged += merged
        count.jobs += bool(rows)
        count.bulk_batches += -(-rows // _ROWS_PER_BULK_BATCH)
        if batch.plan.operation.only_ids:
            count.deletes += rows
            count.stopped = count.stopped or self._too_many(replace(batch, rows=rows))
        self._count_refused(count, read_refused(batch.refused))
        self._journal.abandon(batch.id)

    def _too_many(self, deletes: Batch) -> str:
        self._deletes.add(deletes)
        return self._deletes.problem(deletes)

    @staticmethod
    def _count_refused(count: Count, rows: Iterable[Any]) -> None:
        for row in rows:
            count.refused += 1
            reason = (row.error.code, row.error.message)
            count.reasons.setdefault(reason, Reason()).add(row.key)

    def state_received(self, state: Any) -> None:
        """Ignore it: nothing is acknowledged."""

    def input_ends(self) -> AbstractContextManager[None]:
        """Nothing to hold back: no batch is sent."""
        return nullcontext()

    def finish(self) -> None:
        """Nothing to do: no batch is sent."""

    def stop(self) -> None:
        """Nothing to do: no batch is sent."""

    def close(self) -> None:
        """Close the journal; safe to call twice."""
        if not self._closed:
            self._closed = True
            self._journal.close()
