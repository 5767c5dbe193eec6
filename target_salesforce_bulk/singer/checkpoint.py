"""Which STATE may be written, and when.

A STATE says: everything before this is dealt with. So it may go out when every batch that was
opened before it is settled. States are written newest first and never go back. A stream that
stopped keeps its own bookmark, while those of the other streams move on.
"""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

State = dict[str, Any]
#: Rows of a batch that were to be sent, and rows that were refused.
Position = tuple[int, int]
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
    #: What it covers beside batches; the checkpoint's owner knows what that means.
    mark: int


class Checkpoint:
    """Holds STATE back until it is true; safe to call from any thread.

    Args:
        write: Writes a STATE to stdout.
        covered: Told of each settled batch that a written STATE covers, and how far where that is
            not all of it.
        marked: Told of the mark of each STATE that was written.
    """

    def __init__(
        self,
        write: Callable[[State], None],
        covered: Callable[[int, Position | None], None],
        marked: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._write = write
        self._covered = covered
        self._marked = marked
        self._mutex = threading.RLock()
        self._newest_batch = 0
        self._stream_of: dict[int, str] = {}  # batches that are not settled
        # Settled, but not yet covered by a written STATE; with the batch that came from the tap.
        self._settled: dict[int, int] = {}
        self._waiting: list[_Waiting] = []
        self._held: dict[str, Any] = {}  # streams that stopped, with the bookmark they keep
        self._last_written: State | None = None
        #: Whether a STATE could not be written because it cannot be split by stream.
        self.blocked = False

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

    def is_open(self, stream: str) -> bool:
        """Whether rows of a stream still lack an outcome."""
        with self._mutex:
            return stream in self._stream_of.values()

    def state_received(
        self, value: State, positions: Mapping[int, Position] | None = None, mark: int = 0
    ) -> None:
        """The tap sent a STATE.

        Args:
            value: The STATE.
            positions: How far batches are filled that take rows now.
            mark: Comes back when the STATE is written.
        """
        with self._mutex:
            batches = set(self._stream_of)
            if self._waiting and self._waiting[-1].batches == batches:
                # Both become true at the same moment, and the newer one says more.
                self._waiting.pop()
            self._waiting.append(
                _Waiting(value, batches, self._newest_batch, positions or {}, mark)
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
        self._marked(newest.mark)

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
            self._covered(batch_id, position)


def _bookmark(state: State | None, stream: str) -> Any:
    bookmarks = (state or {}).get("bookmarks")
    return bookmarks.get(stream, _NONE) if isinstance(bookmarks, dict) else _NONE
