"""A run that counts what would be loaded, and sends nothing."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.journal.failed_rows import read_refused
from target_salesforce_bulk.journal.journal import Journal
from target_salesforce_bulk.salesforce.objects import Objects
from target_salesforce_bulk.singer.recogniser import NothingToRecognise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.journal.recognised import Position
    from target_salesforce_bulk.mapping.resolve import ResolvedStream
    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.singer.recogniser import Recogniser

_SAMPLE_KEYS = 5


class Reason:
    """How many rows would be refused for one reason, and the keys of a few."""

    def __init__(self) -> None:
        self.number = 0
        self.sample: list[str] = []

    def add(self, key: str | None) -> None:
        """Count a row."""
        self.number += 1
        if key is not None and len(self.sample) < _SAMPLE_KEYS:
            self.sample.append(key)


class Count:
    """What would become of one stream."""

    def __init__(self) -> None:
        self.read = 0
        self.rows = 0
        self.jobs = 0
        self.size = 0
        self.merged = 0
        self.refused = 0
        self.reasons: dict[tuple[str, str], Reason] = {}


class DryRun:
    """Takes batches as a run does, counts them, and throws them away.

    Args:
        client: The connection to the org.
        folder: A folder for the batches, which goes afterwards.
    """

    def __init__(self, client: Client, folder: Path) -> None:
        self.objects = Objects(client)
        self._journal = Journal(folder)
        self._journal.start_run("check")
        self._closed = False
        self.counts: dict[str, Count] = {}
        self.resolved: dict[str, ResolvedStream] = {}

    @property
    def intake(self) -> DryRun:
        """Itself: it only counts."""
        return self

    def stream_started(self, stream: str, tap_stream: str, resolved: ResolvedStream) -> Count:
        """Begin to count a stream."""
        self.resolved[stream] = resolved
        return self.counts.setdefault(stream, Count())

    def is_stopped(self, stream: str) -> bool:
        """Never: nothing is sent that could fail."""
        return False

    def open_batch(self, plan: LoadPlan) -> Batch:
        """Make a batch to be filled."""
        return self._journal.open_batch(plan)

    def recogniser(self, plan: LoadPlan, *, skip_repeated: bool) -> Recogniser:
        """None: earlier runs do not matter here."""
        return NothingToRecognise()

    def when_decided(self, release: Callable[[], None]) -> None:
        """Ignore it: no row waits."""

    def note_rows(self, stream: str) -> None:
        """Ignore it: nothing is acknowledged."""

    def watch_position(self, batch: Batch, position: Callable[[], Position]) -> None:
        """Ignore it: nothing is acknowledged."""

    def row_limit(self, batch: Batch, limit: float) -> float:
        """How many rows a batch takes."""
        return limit

    def hand_over(self, batch: Batch, *, rows: int, size: int, merged: int) -> None:
        """Count a batch, and throw it away."""
        count = self.counts[batch.plan.stream]
        count.rows += rows
        count.size += size
        count.merged += merged
        count.jobs += bool(rows)
        self._count_refused(count, read_refused(batch.refused))
        self._journal.abandon(batch.id)

    @staticmethod
    def _count_refused(count: Count, rows: Iterable[Any]) -> None:
        for row in rows:
            count.refused += 1
            reason = (row.error.code, row.error.message)
            count.reasons.setdefault(reason, Reason()).add(row.key)

    def state_received(self, state: Any) -> None:
        """Ignore it: nothing is acknowledged."""

    def input_ends(self) -> AbstractContextManager[None]:
        """Nothing waits for anything."""
        return nullcontext()

    def finish(self) -> None:
        """Nothing is under way."""

    def stop(self) -> None:
        """Nothing is under way."""

    def close(self) -> None:
        """Close the journal, once."""
        if not self._closed:
            self._closed = True
            self._journal.close()
