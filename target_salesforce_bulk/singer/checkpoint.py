"""Which STATE may be written, and what it covers.

A STATE says of each stream that every row before its bookmark has an outcome. So the written STATE
is composed: the newest STATE, in which each stream has its newest bookmark before which every row
has an outcome on disk. No stream waits for another, unless their bookmarks cannot be told apart.

A bookmark covers rows only if the tap can resume from it: it has changed, and the tap does not mark
it as unfinished.
"""

from __future__ import annotations

import heapq
import threading
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from target_salesforce_bulk.journal.recognised import Coverage
from target_salesforce_bulk.loading.events import (
    BatchSettled,
    BatchTakenOver,
    RowsKept,
    StreamStopped,
)
from target_salesforce_bulk.singer import bookmarks
from target_salesforce_bulk.singer.bookmarks import ABSENT, WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from target_salesforce_bulk.journal.recognised import Position
    from target_salesforce_bulk.journal.top_rows import TopRows
    from target_salesforce_bulk.loading.events import Event


class Covers(Protocol):
    """Stores what a STATE covers."""

    @property
    def remembers_rows(self) -> bool:
        """Whether there are rows that may come again."""

    def newest_state(self) -> int:
        """The number of the newest STATE; 0 where there was none."""

    def intend_state(self, coverage: Coverage) -> int:
        """Note what a STATE will cover that is about to be written; its number."""

    def state_written(self, number: int, coverage: Coverage, value: Any, *, numbered: bool) -> None:
        """Record that it was written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How far a stream had been read when a STATE came."""

    #: How far its open batches were filled.
    positions: Mapping[int, Position] = field(default_factory=dict)
    #: How many of its rows had come again after an earlier run had processed them.
    taken: int = 0
    #: Its rows at the newest replication-key value, and how many there were.
    top: tuple[TopRows, int] | None = None


@dataclass(frozen=True, slots=True)
class _Mark:
    """A bookmark that came, and what must have an outcome before it may be written."""

    value: Any
    #: Whose rows must be settled, as far as their batches were opened before.
    streams: frozenset[str]
    newest_batch: int
    #: Number of the STATE, among those that came.
    came: int
    #: What it covers of each stream; empty where it covers nothing.
    covers: Mapping[str, Reading]


class _Stream:
    """The batches of a stream."""

    def __init__(self, tap_stream: str) -> None:
        #: Its name in the tap.
        self.tap_stream = tap_stream
        self._unsettled: Counter[int] = Counter()
        self._origins: list[int] = []
        #: Settled batches that no STATE covers as a whole, with the batch that came from the tap.
        self.settled: dict[int, int] = {}
        #: How many STATE messages had come when it stopped; None while it goes on.
        self.stopped_at: int | None = None

    def add(self, origin: int) -> None:
        """Count a batch that is not settled."""
        if not self._unsettled[origin]:
            heapq.heappush(self._origins, origin)
        self._unsettled[origin] += 1

    def settle(self, batch_id: int, origin: int, children: int) -> None:
        """A batch is settled, and has so many children that are not."""
        self._unsettled[origin] += children - 1
        self.settled[batch_id] = origin

    def is_settled(self, newest_batch: int) -> bool:
        """Whether every batch up to one has an outcome."""
        while self._origins and self._unsettled[self._origins[0]] <= 0:
            del self._unsettled[heapq.heappop(self._origins)]
        return not self._origins or self._origins[0] > newest_batch


class Checkpoint:
    """Holds bookmarks back until they are true; safe to call from any thread.

    Args:
        write: Writes a STATE to stdout, with its number where it is given one.
        journal: Stores what a STATE covers.
        numbered: Whether each STATE is to carry its number.
        starts: The bookmarks that were written last in an earlier run; None where nobody knows
            whether they were kept.
    """

    def __init__(
        self,
        write: Callable[[Any, int | None], None],
        journal: Covers,
        *,
        numbered: bool,
        starts: Mapping[str, Any] | None,
    ) -> None:
        self._write = write
        self._journal = journal
        self._numbered = numbered
        self._mutex = threading.RLock()
        self._starts = starts
        self._streams: dict[str, _Stream] = {}
        self._ties: dict[str, set[str]] = {}
        self._newest_batch = 0
        self._came = 0
        self._rows_came = False
        #: Whether it is known which bookmarks the tap started from.
        self._starts_known = False
        self._newest: Any = ABSENT
        self._seen: dict[str, Any] = {}  # the newest bookmarks that came
        self._safe: dict[str, Any] = {}  # the newest ones that are true
        self._waiting: dict[str, deque[_Mark]] = {}
        #: What is covered of each stream and not stored yet, and up to which batch.
        self._covered: dict[str, tuple[Reading, int]] = {}
        self._stream_of_origin: dict[int, str] = {}
        self._last_written: Any = ABSENT

    @property
    def withheld(self) -> str:
        """Why a stream that stopped holds the STATE of all streams back; empty if it does not."""
        with self._mutex:
            stopped = any(each.stopped_at is not None for each in self._streams.values())
            if not stopped or self._newest is ABSENT:
                return ""
            names = bookmarks.by_stream(self._newest)
            if WHOLE in names:
                return "the tap's STATE has no bookmark for each stream"
            if self._lacks_start(names):
                return (
                    "an earlier run was killed, and the tap does not say from which bookmarks it "
                    "started"
                )
            return ""

    def stream_started(self, stream: str, tap_stream: str) -> None:
        """Learn under which name STATE has the bookmark of a stream."""
        with self._mutex:
            self._streams.setdefault(stream, _Stream(tap_stream)).tap_stream = tap_stream

    def tie(self, streams: Iterable[str]) -> None:
        """Hold streams together whose rows alternate, such as those of a parent and a child."""
        with self._mutex:
            every = set(streams)
            for each in every.copy():
                every |= self._ties.get(each, set())
            for each in every:
                self._ties[each] = every

    def observe(self, event: Event) -> None:
        """Take what happened to batches."""
        match event:
            case BatchSettled():
                children = len(event.children)
                self.batch_settled(event.batch.id, event.batch.origin_id, children)
            case BatchTakenOver():
                self._take_over(event.batch.origin_id, event.batch.plan.stream)
            case RowsKept():
                self.batch_settled(event.batch.id, event.batch.origin_id)
                self.repeat()
            case StreamStopped():
                self.stream_stopped(event.stream)

    def _take_over(self, origin_id: int, stream: str) -> None:
        """A bookmark waits for a child batch of an earlier run: its rows have no outcome yet."""
        with self._mutex:
            self._stream(stream).add(origin_id)
            self._stream_of_origin[origin_id] = stream

    def row_came(self) -> None:
        """Learn that a record came."""
        self._rows_came = True  # the reading thread alone writes and reads it

    def batch_opened(self, batch_id: int, stream: str) -> None:
        """A batch takes rows from now on, so a later bookmark has to wait for it."""
        with self._mutex:
            self._stream(stream).add(batch_id)
            self._stream_of_origin[batch_id] = stream
            self._newest_batch = batch_id

    def batch_settled(self, batch_id: int, origin_id: int, children: int = 0) -> None:
        """Every row of the batch has an outcome on disk, or is in one of its child batches."""
        with self._mutex:
            stream = self._stream_of_origin.get(origin_id)
            if stream is not None:  # else it is of an earlier run
                self._stream(stream).settle(batch_id, origin_id, children)
                self._write_newest()

    def stream_stopped(self, stream: str) -> None:
        """Rows of the stream will not be loaded in this run: it keeps the bookmark it has."""
        with self._mutex:
            if self._stream(stream).stopped_at is None:
                self._stream(stream).stopped_at = self._came
            self._write_newest()

    def repeat(self) -> None:
        """Write the newest STATE again, because what goes with it has changed."""
        with self._mutex:
            if self._last_written is not ABSENT:
                self._put_out(self._last_written)

    def state_received(self, value: Any, readings: Mapping[str, Reading]) -> None:
        """The tap sent a STATE.

        Args:
            value: The STATE, without our part of it.
            readings: How far each stream has been read.
        """
        with self._mutex:
            self._came += 1
            if self._came == 1:
                self._starts_known = not self._rows_came
            self._newest = value
            found = bookmarks.by_stream(value)
            streams = self._streams_of(found)
            for name, bookmark in found.items():
                if self._seen.get(name, ABSENT) != bookmark:
                    self._seen[name] = bookmark
                    self._add_mark(name, bookmark, streams[name], readings)
            self._forget_names(set(self._seen) - set(found))
            self._write_newest()

    def _streams_of(self, names: Iterable[str]) -> dict[str, frozenset[str]]:
        """The streams that each bookmark may stand for.

        A bookmark that has the name of no stream may be that of any stream which has none.
        """
        every = set(names)
        if WHOLE in every:
            return {WHOLE: frozenset(self._streams)}
        own = {
            name: frozenset(
                stream for stream, each in self._streams.items() if name == each.tap_stream
            )
            for name in every
        }
        others = frozenset(s for s, each in self._streams.items() if each.tap_stream not in every)
        return {name: found or others for name, found in own.items()}

    def _add_mark(
        self, name: str, value: Any, streams: frozenset[str], readings: Mapping[str, Reading]
    ) -> None:
        covers = {}
        if bookmarks.is_resumable(value):
            covers = {each: readings[each] for each in streams if each in readings}
        mark = _Mark(value, streams, self._newest_batch, self._came, covers)
        waiting = self._waiting.setdefault(name, deque())
        if waiting and self._at_once(waiting[-1], mark):
            # Both become true at the same moment, and the newer one says more.
            before = waiting.pop()
            mark = replace(mark, covers={**before.covers, **mark.covers})
        waiting.append(mark)

    def _at_once(self, one: _Mark, other: _Mark) -> bool:
        stopped = any(
            (at := self._streams[each].stopped_at) is not None and one.came <= at < other.came
            for each in other.streams
        )
        return (one.newest_batch, one.streams) == (
            other.newest_batch,
            other.streams,
        ) and not stopped

    def _forget_names(self, names: set[str]) -> None:
        for name in names:
            del self._seen[name]
            self._safe.pop(name, None)
            self._waiting.pop(name, None)

    def _is_safe(self, mark: _Mark) -> bool:
        return all(self._is_dealt_with(each, mark) for each in self._with_tied(mark.streams))

    def _is_dealt_with(self, stream: str, mark: _Mark) -> bool:
        known = self._stream(stream)
        stopped = known.stopped_at is not None and mark.came > known.stopped_at
        return not stopped and known.is_settled(mark.newest_batch)

    def _with_tied(self, streams: frozenset[str]) -> set[str]:
        """The streams, and those tied to them that have no position of their own."""
        every = set(streams)
        for stream in streams:
            every |= {each for each in self._ties.get(stream, ()) if not self._has_position(each)}
        return every

    def _has_position(self, stream: str) -> bool:
        bookmark = self._seen.get(self._stream(stream).tap_stream)
        return bookmarks.position(bookmark) is not None

    def _write_newest(self) -> None:
        """Write the newest STATE that is true, if it says more than the last one did."""
        for name, waiting in self._waiting.items():
            while waiting and self._is_safe(waiting[0]):
                mark = waiting.popleft()
                self._safe[name] = mark.value
                for stream, reading in mark.covers.items():
                    self._covered[stream] = (reading, mark.newest_batch)
        value = self._composed()
        if value is not ABSENT and value != self._last_written:
            self._put_out(value)

    def _composed(self) -> Any:
        """The newest STATE with the newest bookmarks that are true; ABSENT while there is none."""
        if self._newest is ABSENT:
            return ABSENT
        names = bookmarks.by_stream(self._newest)
        known = self._safe
        if not self._starts_known:  # most likely the tap has started from what was written
            known = {**(self._starts or {}), **self._safe}
        safe = {name: known[name] for name in names if name in known}
        if self._lacks_start(names) or (not safe and names):
            return ABSENT
        return bookmarks.composed(self._newest, safe)

    def _lacks_start(self, names: Iterable[str]) -> bool:
        """Whether a bookmark has to be written, of which nobody knows where the tap started."""
        unknown = not self._starts_known and self._starts is None
        return unknown and any(name not in self._safe for name in names)

    def _put_out(self, value: Any) -> None:
        coverage = self._coverage()
        if coverage.batches or coverage.tops or self._journal.remembers_rows:
            number = self._journal.intend_state(coverage)
            self._write(value, number if self._numbered else None)
            self._journal.state_written(number, coverage, value, numbered=self._numbered)
        else:  # with the number of the one before: so it tells of all lines that are lost after it
            self._write(value, self._journal.newest_state() if self._numbered else None)
        self._last_written = value

    def _coverage(self) -> Coverage:
        """What is covered and not stored yet."""
        covered, self._covered = self._covered, {}
        batches: dict[int, Position | None] = {}
        for stream, (reading, newest_batch) in covered.items():
            settled = self._stream(stream).settled
            for batch_id in [each for each, origin in settled.items() if origin <= newest_batch]:
                batches[batch_id] = reading.positions.get(batch_id)
                if batches[batch_id] is None:
                    del settled[batch_id]
        return Coverage(
            batches=batches,
            taken={stream: reading.taken for stream, (reading, _) in covered.items()},
            tops={stream: r.top for stream, (r, _) in covered.items() if r.top is not None},
        )

    def complete(
        self, streams: Mapping[str, tuple[Reading, Mapping[int, Position | None]]]
    ) -> None:
        """The tap has come to its end, with a STATE as its last message.

        Args:
            streams: The streams that it brought to their end: how far each was read, and what was
                dealt with of it that no STATE covers yet.
        """
        with self._mutex:
            batches: dict[int, Position | None] = {}
            for stream, (reading, uncovered) in streams.items():
                batches |= uncovered
                self._covered[stream] = (reading, 0)
            coverage = replace(self._coverage(), batches=batches)
            if batches or any(top.stored < rows for top, rows in coverage.tops.values()):
                self._put_out_again(coverage)

    def _put_out_again(self, coverage: Coverage) -> None:
        """Write the last STATE once more, as it covers more now; or note that where it has none."""
        number = self._journal.intend_state(coverage)
        numbered = self._numbered and self._last_written is not ABSENT
        if numbered:  # else the line would say what the one before did
            self._write(self._last_written, number)
        self._journal.state_written(number, coverage, self._last_written, numbered=numbered)

    @property
    def last_written(self) -> Any:
        """The STATE that was written last; `ABSENT` where there was none."""
        with self._mutex:
            return self._last_written

    def is_stopped(self, stream: str) -> bool:
        """Whether a stream has stopped."""
        with self._mutex:
            return self._stream(stream).stopped_at is not None

    def _stream(self, stream: str) -> _Stream:
        return self._streams.setdefault(stream, _Stream(stream))
