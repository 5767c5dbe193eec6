"""Row counts and cost of each stream."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.loading.events import (
    BatchSettled,
    BatchTakenOver,
    RowsKept,
    StreamStopped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_salesforce_bulk.loading.events import Event


@dataclass(kw_only=True)
class StreamTally:
    """The totals of one stream so far.

    Only the reading thread adds to `read`; everything else is added under the lock of `Tally`.
    """

    stream: str
    sobject: str
    read: int = 0
    merged: int = 0
    batches: int = 0
    jobs: int = 0
    api_calls: int = 0
    counts: Counts = field(default_factory=Counts)
    started_at: float = 0.0
    ended_at: float = 0.0
    #: Why the stream stopped early; None if it did not.
    stopped: Exception | None = None

    @property
    def failed_percent(self) -> float:
        """Percentage of rows that were not loaded, among those with an outcome."""
        known = self.counts.known
        return 100.0 * self.counts.not_loaded / known if known else 0.0

    @property
    def seconds(self) -> float:
        """Time from the first SCHEMA to the last outcome."""
        return max(0.0, self.ended_at - self.started_at)


class Tally:
    """Adds up the events of a run; safe to call from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._streams: dict[str, StreamTally] = {}

    @property
    def streams(self) -> Sequence[StreamTally]:
        """The streams in the order of their first SCHEMA."""
        with self._mutex:
            return tuple(self._streams.values())

    def of(self, stream: str) -> StreamTally:
        """The totals of a stream that has started."""
        with self._mutex:
            return self._streams[stream]

    def snapshot(self) -> Sequence[StreamTally]:
        """The totals as they are now, for another thread: they change no more."""
        with self._mutex:
            return tuple(replace(each) for each in self._streams.values())

    def stream_started(self, stream: str, sobject: str) -> StreamTally:
        """The totals of a stream, created on first use."""
        with self._mutex:
            return self._started(stream, sobject)

    def _started(self, stream: str, sobject: str) -> StreamTally:
        if stream not in self._streams:
            now = self._clock()
            self._streams[stream] = StreamTally(
                stream=stream, sobject=sobject, started_at=now, ended_at=now
            )
        return self._streams[stream]

    def observe(self, event: Event) -> None:
        """Add an event to the totals."""
        with self._mutex:
            match event:
                case BatchSettled():
                    self._add_batch(event)
                case BatchTakenOver():
                    self._started(event.batch.plan.stream, event.batch.plan.sobject)
                case RowsKept():
                    plan = event.batch.plan
                    self._started(plan.stream, plan.sobject).counts += event.counts
                case StreamStopped():
                    self._streams[event.stream].stopped = event.error
                    self._streams[event.stream].ended_at = self._clock()

    def _add_batch(self, event: BatchSettled) -> None:
        stream = self._started(event.batch.plan.stream, event.batch.plan.sobject)
        stream.counts += event.counts
        stream.merged += event.batch.merged
        stream.batches += 1
        stream.jobs += event.jobs
        stream.api_calls += event.api_calls
        stream.ended_at = self._clock()
