"""Which batch a free worker takes next, and whose turn it is to close its job.

Per object, jobs are closed in order: Salesforce gives no order between two jobs, and the newer
value of a record must be written last. The next batch of an object may still be created and
uploaded while the one before is processed, so each object has at most two under way and the rest of
the workers is free for other objects.

Rows that look a parent up wait for the parent's batches: those that are queued when a worker asks.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_salesforce_bulk.journal.batch import Batch

_UNDER_WAY_PER_OBJECT = 2


class Schedule:
    """A queue of sealed batches; safe to call from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._not_before: dict[int, float] = {}
        self._changed = threading.Condition()
        self._waiting: deque[Batch] = deque()
        #: Batches that a worker holds, by object, in the order of their turns.
        self._under_way: dict[str, deque[int]] = {}
        #: Of the batches that are queued or under way.
        self._bytes: dict[int, int] = {}
        self._streams: dict[int, str] = {}
        self._closed = False
        self._paused = False

    def add(self, batch: Batch, wait_seconds: float = 0.0) -> None:
        """Queue a sealed batch behind those of its object; it is handed out no earlier than said.

        Whoever is queued later may go first meanwhile.
        """
        with self._changed:
            if wait_seconds:
                self._not_before[batch.id] = self._clock() + wait_seconds
            self._waiting.append(batch)
            self._bytes[batch.id] = batch.size
            self._streams[batch.id] = batch.plan.stream
            self._changed.notify_all()

    def hurry(self, stream: str) -> None:
        """Let the batches of a stream wait no longer: they will not be sent."""
        with self._changed:
            for batch in self._waiting:
                if batch.plan.stream == stream:
                    self._not_before.pop(batch.id, None)
            self._changed.notify_all()

    def holds(self, stream: str, *, beside: int) -> bool:
        """Whether a batch of a stream is queued or under way, beside the one of that number."""
        with self._changed:
            return any(name == stream for number, name in self._streams.items() if number != beside)

    def take(self) -> Batch | None:
        """The next batch that may be worked on; waits for one. None when there will be none."""
        with self._changed:
            while True:
                batch = None if self._paused else self._next()
                if batch is not None:
                    self._waiting.remove(batch)
                    self._under_way.setdefault(batch.plan.sobject, deque()).append(batch.id)
                    return batch
                if self._closed:
                    return None
                self._changed.wait(self._seconds_to_next())

    def _next(self) -> Batch | None:
        full = {
            name for name, turns in self._under_way.items() if len(turns) >= _UNDER_WAY_PER_OBJECT
        }
        passed_over: set[str] = set()  # no later batch of an object overtakes an earlier one
        now = self._clock()
        for batch in self._waiting:
            name = batch.plan.sobject
            if self._not_before.get(batch.id, now) > now:
                continue
            if name not in full | passed_over and not self._waits_for_parents(batch):
                return batch
            passed_over.add(name)
        ready = [each for each in self._waiting if self._not_before.get(each.id, now) <= now]
        if ready and not any(self._under_way.values()):
            # Objects that are each other's parents wait for nobody: the oldest goes first.
            return ready[0]
        return None

    def _seconds_to_next(self) -> float | None:
        """Seconds until a batch may be handed out that may not be yet."""
        now = self._clock()
        times = [self._not_before.get(each.id, now) - now for each in self._waiting]
        later = [seconds for seconds in times if seconds > 0]
        return min(later) if later else None

    def _waits_for_parents(self, batch: Batch) -> bool:
        parents = set(batch.plan.parents) - {batch.plan.sobject}
        queued = {each.plan.sobject for each in self._waiting}
        return any(parent in queued or self._under_way.get(parent) for parent in parents)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Hand nothing out meanwhile, so that the order of what is added does not matter."""
        with self._changed:
            self._paused = True
        try:
            yield
        finally:
            with self._changed:
                self._paused = False
                self._changed.notify_all()

    def await_turn(self, batch: Batch) -> bool:
        """Wait until no earlier batch of the object is under way; False when the run stops."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._under_way[batch.plan.sobject][0] == batch.id
            )
            return not self._closed

    def done(self, batch: Batch) -> None:
        """Let the next batch of the object go on."""
        with self._changed:
            self._under_way[batch.plan.sobject].remove(batch.id)
            del self._bytes[batch.id]
            del self._streams[batch.id]
            self._changed.notify_all()

    def await_space(self, max_bytes: int) -> None:
        """Wait until the batches that are queued or under way take at most so many bytes."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._paused or sum(self._bytes.values()) <= max_bytes
            )

    def await_empty(self) -> None:
        """Wait until every batch is done, or the run stops."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._bytes)

    def close(self) -> None:
        """Hand out no further batch, and wake everybody who waits."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
