"""Which STATE may be written, and when.

A STATE says: everything before this is dealt with. So it may go out when every batch that was
opened before it is settled. States are written newest first and never go back. A stream that
stopped keeps its own bookmark, while those of the other streams move on.
"""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from target_salesforce_bulk.loading.events import (
    BatchSettled,
    BatchTakenOver,
    RowsKept,
    StreamStopped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from target_salesforce_bulk.loading.events import Event
    from target_salesforce_bulk.singer.intake import Position

State = dict[str, Any]
#: The bookmark of a stream of which no STATE has told yet.
_NONE = object()


@dataclass
class _Waiting:
    """A STATE that waits for batches."""

    value: State
    batches: set[int]
    #: The newest batch that had been opened when it came.
    newest_batch: int
    #: How far batches were filled that took rows when it came.
    positions: Mapping[int, Position]
    #: How many rows had come again that an earlier run dealt with.
    taken: int


class Coverage(Protocol):
    """Stores what a STATE covers that was written."""

    def cover(self, batch_id: int, position: Position | None) -> None:
        """A settled batch is covered, up to a position or, without one, as a whole."""

    def cover_recognised(self, taken: int) -> None:
        """So many of the rows that came again are covered."""


class Checkpoint:
    """Holds STATE back until it is true; safe to call from any thread.

    Args:
        write: Writes a STATE to stdout.
        coverage: Told what a written STATE covers.
    """

    def __init__(self, write: Callable[[State], None], coverage: Coverage) -> None:
        self._write = write
        self._coverage = coverage
        self._mutex = threading.RLock()
        self._tap_streams: dict[str, str] = {}
        self._newest_batch = 0
        self._stream_of: dict[int, str] = {}  # batches that are not settled
        # Settled, but not yet covered by a written STATE; with the batch that came from the tap.
        self._settled: dict[int, int] = {}
        self._waiting: list[_Waiting] = []
        self._held: dict[str, Any] = {}  # streams that stopped, with the bookmark they keep
        self._last_written: State | None = None
        #: Whether a STATE could not be written because it cannot be split by stream.
        self.blocked = False

    def stream_started(self, stream: str, tap_stream: str) -> None:
        """Learn under which name STATE has the bookmark of a stream."""
        with self._mutex:
            self._tap_streams[stream] = tap_stream

    def observe(self, event: Event) -> None:
        """Take what happened to batches."""
        match event:
            case BatchSettled():
                children = [child.id for child in event.children]
                self.batch_settled(
                    event.batch.id, origin_id=event.batch.origin_id, children=children
                )
            case BatchTakenOver():
                stream = event.batch.plan.stream
                self.batch_opened(event.batch.id, self._tap_streams.get(stream, stream))
            case RowsKept():
                self.repeat()
            case StreamStopped():
                self.stream_stopped(self._tap_streams.get(event.stream, event.stream))

    def batch_opened(self, batch_id: int, stream: str) -> None:
        """A batch takes rows from now on, so a later STATE has to wait for it."""
        with self._mutex:
            self._stream_of[batch_id] = stream
            self._newest_batch = batch_id

    def batch_settled(
        self, batch_id: int, *, origin_id: int | None = None, children: Iterable[int] = ()
    ) -> None:
        """Every row of the batch has an outcome on disk, or is in one of its child batches."""
        with self._mutex:
            stream = self._stream_of.pop(batch_id, None)
            self._settled[batch_id] = batch_id if origin_id is None else origin_id
            if stream is not None:  # else its stream has stopped
                self._stream_of |= dict.fromkeys(children, stream)
            for waiting in self._waiting:
                if batch_id in waiting.batches:
                    waiting.batches.discard(batch_id)
                    waiting.batches.update(children)
            self._write_newest()

    def state_received(
        self, value: State, positions: Mapping[int, Position] | None = None, taken: int = 0
    ) -> None:
        """The tap sent a STATE.

        Args:
            value: The STATE.
            positions: How far batches are filled that take rows now.
            taken: How many rows have come again that an earlier run dealt with.
        """
        with self._mutex:
            batches = set(self._stream_of)
            if self._waiting and self._waiting[-1].batches == batches:
                # Both become true at the same moment, and the newer one says more.
                self._waiting.pop()
            self._waiting.append(
                _Waiting(value, batches, self._newest_batch, positions or {}, taken)
            )
            self._write_newest()

    def stream_stopped(self, stream: str) -> None:
        """Rows of the stream will not be loaded in this run: it keeps the bookmark it has."""
        with self._mutex:
            if stream not in self._held:
                self._held[stream] = self._safe_bookmark(stream)
            mine = {batch for batch, name in self._stream_of.items() if name == stream}
            for batch_id in mine:
                del self._stream_of[batch_id]
            for waiting in self._waiting:
                waiting.batches -= mine
            self._write_newest()

    def repeat(self) -> None:
        """Write the newest STATE again, because what goes with it has changed."""
        with self._mutex:
            if self._last_written is not None:
                self._write(self._last_written)

    def _safe_bookmark(self, stream: str) -> Any:
        """The newest bookmark of a stream that no unsettled row of it stands before."""
        safe = _bookmark(self._last_written, stream)
        for waiting in self._waiting:
            if any(self._stream_of[batch] == stream for batch in waiting.batches):
                break
            safe = _bookmark(waiting.value, stream)
        return safe

    def _write_newest(self) -> None:
        ready = [place for place, waiting in enumerate(self._waiting) if not waiting.batches]
        if not ready:
            return
        newest = self._waiting[ready[-1]]
        later = self._waiting[ready[-1] + 1 :]
        value = self._with_held_bookmarks(newest.value)
        self._waiting = later
        if value is None:
            self.blocked = True
            return
        self._write(value)
        self._last_written = value
        self._cover(newest)
        self._coverage.cover_recognised(newest.taken)

    def _with_held_bookmarks(self, value: State) -> State | None:
        """The STATE with the bookmarks of stopped streams left where they were.

        None where a stream stopped and the STATE has no bookmarks by stream: then nothing of it can
        be said to be true.
        """
        if not self._held:
            return value
        if not isinstance(value.get("bookmarks"), dict):
            return None
        value = copy.deepcopy(value)
        for stream, bookmark in self._held.items():
            if bookmark is _NONE:
                value["bookmarks"].pop(stream, None)
            else:
                value["bookmarks"][stream] = bookmark
        return value

    def _cover(self, written: _Waiting) -> None:
        behind = [each for each, origin in self._settled.items() if origin <= written.newest_batch]
        for batch_id in behind:
            position = written.positions.get(batch_id)
            if position is None:
                del self._settled[batch_id]
            self._coverage.cover(batch_id, position)


def _bookmark(state: State | None, stream: str) -> Any:
    bookmarks = (state or {}).get("bookmarks")
    return bookmarks.get(stream, _NONE) if isinstance(bookmarks, dict) else _NONE
