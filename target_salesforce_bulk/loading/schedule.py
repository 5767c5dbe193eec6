"""Which batch a free worker takes next, and whose turn it is to close its job.

Per object, jobs are closed in order: Salesforce gives no order between two jobs, and the newer
value of a record must be written last. The next batch of an object may still be created and
uploaded while the one before is processed, so each object has at most two under way and the rest of
the workers is free for other objects.

Rows that look a parent up wait for the parent's batches: those that are queued when a worker asks.

A batch may be held, so that what comes after it can be looked at first. It keeps its place: the
later batches of its object wait for it.

What a step costs depends on the number of objects, never on the number of queued batches.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict, deque
from contextlib import contextmanager
from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_salesforce_bulk.journal.batch import Batch

_UNDER_WAY_PER_OBJECT = 2


class _Delayed(NamedTuple):
    """A batch that is handed out no earlier than at a time."""

    not_before: float
    place: int
    batch: Batch


class _Queued(NamedTuple):
    """A batch that may be handed out, with its place in the order in which batches were queued."""

    place: int
    batch: Batch


class Schedule:
    """A queue of sealed batches; safe to call from any thread.

    Args:
        clock: Seconds that never go back.
        changed: Wakes whoever waits for the queue to change.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        changed: threading.Condition | None = None,
    ) -> None:
        self._clock = clock
        self._changed = changed or threading.Condition()
        self._places = count()
        #: The batches that must still wait: a heap.
        self._delayed: list[_Delayed] = []
        #: The batches that are held, by id.
        self._held: dict[int, _Delayed] = {}
        #: The others, by object: heaps.
        self._ready: dict[str, list[_Queued]] = defaultdict(list)
        #: How many batches of an object are queued, delayed or not.
        self._queued: Counter[str] = Counter()
        #: Batches that a worker holds, by object, in the order of their turns.
        self._under_way: dict[str, deque[int]] = defaultdict(deque)
        #: How many batches of a stream are queued or under way, and the bytes of all of them.
        self._streams: Counter[str] = Counter()
        self._bytes = 0
        self._closed = False
        self._halted = False
        self._paused = False

    def add(self, batch: Batch, wait_seconds: float = 0.0, *, hold_seconds: float = 0.0) -> None:
        """Queue a sealed batch after those of its object, optionally with a delay.

        Args:
            batch: The batch.
            wait_seconds: How long it waits. Whoever is queued later may go first meanwhile.
            hold_seconds: How long it is held. Whoever is queued later waits for it.
        """
        with self._changed:
            self._queued[batch.plan.sobject] += 1
            self._streams[batch.plan.stream] += 1
            self._bytes += batch.size
            place = next(self._places)
            if hold_seconds > 0:
                self._held[batch.id] = _Delayed(self._clock() + hold_seconds, place, batch)
            if wait_seconds > 0:
                heappush(self._delayed, _Delayed(self._clock() + wait_seconds, place, batch))
            else:
                heappush(self._ready[batch.plan.sobject], _Queued(place, batch))
            self._changed.notify_all()

    def hurry(self, stream: str) -> None:
        """End the wait of a stream's batches, because they will not be sent."""
        with self._changed:
            hurried = [each for each in self._delayed if each.batch.plan.stream == stream]
            self._delayed = [each for each in self._delayed if each.batch.plan.stream != stream]
            heapify(self._delayed)
            for each in [*self._held.values()]:
                if each.batch.plan.stream == stream:
                    del self._held[each.batch.id]
            self._make_ready(hurried)
            self._changed.notify_all()

    def release(self) -> None:
        """Hold no batch any longer."""
        with self._changed:
            self._held.clear()
            self._changed.notify_all()

    def holds_more_of(self, batch: Batch) -> bool:
        """Whether a batch under way is not the last of its stream that is queued or under way."""
        with self._changed:
            return self._streams[batch.plan.stream] > 1

    def take(self) -> Batch | None:
        """The next batch that may be worked on; waits for one. None when there will be none."""
        with self._changed:
            while not (self._closed or self._halted):
                now = self._clock()
                self._make_ready(self._due(now))
                batch = None if self._paused else self._next(now)
                if batch is not None:
                    return self._hand_out(batch)
                # By the same clock reading: a batch that is not due now is one to wait for.
                times = [each.not_before for each in (*self._delayed[:1], *self._held_heads(now))]
                self._changed.wait(min(times) - now if times else None)
            return None

    def _due(self, now: float) -> Iterator[_Delayed]:
        while self._delayed and self._delayed[0].not_before <= now:
            yield heappop(self._delayed)

    def _make_ready(self, batches: Iterator[_Delayed] | list[_Delayed]) -> None:
        for each in batches:
            heappush(self._ready[each.batch.plan.sobject], _Queued(each.place, each.batch))

    def _next(self, now: float) -> Batch | None:
        # No later batch of an object overtakes an earlier one.
        heads = sorted(queue[0] for queue in self._ready.values() if queue)
        held = {each.batch.id for each in self._held_heads(now)}
        for _, batch in heads:
            full = len(self._under_way[batch.plan.sobject]) >= _UNDER_WAY_PER_OBJECT
            if not full and batch.id not in held and not self._waits_for_parents(batch):
                return batch
        if heads and not held and not any(self._under_way.values()):
            # Objects that are each other's parents wait for nobody: the oldest goes first.
            return heads[0].batch
        return None

    def _held_heads(self, now: float) -> list[_Delayed]:
        """The batches that would be the next of their objects, were they not held."""
        heads = [queue[0].batch.id for queue in self._ready.values() if queue]
        held = [self._held[each] for each in heads if each in self._held]
        return [each for each in held if each.not_before > now]

    def _waits_for_parents(self, batch: Batch) -> bool:
        parents = set(batch.plan.parents) - {batch.plan.sobject}
        return any(self._queued[parent] or self._under_way[parent] for parent in parents)

    def _hand_out(self, batch: Batch) -> Batch:
        sobject = batch.plan.sobject
        heappop(self._ready[sobject])
        self._held.pop(batch.id, None)
        self._queued[sobject] -= 1
        self._under_way[sobject].append(batch.id)
        return batch

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Pause the queue, so that the order of additions does not matter."""
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
            self._streams[batch.plan.stream] -= 1
            self._bytes -= batch.size
            self._changed.notify_all()

    def await_space(self, max_bytes: int) -> None:
        """Wait until the batches that are queued or under way take at most so many bytes.

        What comes after the batches that are held is then not waited for any more.
        """
        with self._changed:
            if self._bytes > max_bytes:
                self.release()
            self._changed.wait_for(
                lambda: self._closed or self._halted or self._paused or self._bytes <= max_bytes
            )

    def await_empty(self) -> None:
        """Wait until every batch that will be handed out is done, or the run stops."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or not self._streams.total() or self._is_over()
            )

    def await_idle(self) -> None:
        """Wait until every batch under way is done after `halt`, or the run stops."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._is_over())

    def _is_over(self) -> bool:
        return self._halted and not any(self._under_way.values())

    def halt(self) -> None:
        """Hand out no further batch; those under way go on."""
        with self._changed:
            self._halted = True
            self._changed.notify_all()

    def close(self) -> None:
        """Hand out no further batch, and wake everybody who waits."""
        with self._changed:
            self._closed = True
            self._delayed.clear()
            self._held.clear()
            self._ready.clear()
            self._changed.notify_all()
