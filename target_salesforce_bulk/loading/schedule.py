"""Which batch a free worker takes next, and whose turn it is to close its job.

Per object, jobs are closed in order: Salesforce gives no order between two jobs, and the newer
value of a record must be written last. The next batch of an object may still be created and
uploaded while the one before is processed, so each object has at most two under way and the rest of
the workers is free for other objects.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_salesforce_bulk.loading.batch import Batch

_UNDER_WAY_PER_OBJECT = 2


class Schedule:
    """A queue of sealed batches; safe to call from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[Batch] = deque()
        #: Batches that a worker holds, by object, in the order of their turns.
        self._under_way: dict[str, deque[int]] = {}
        self._bytes: dict[int, int] = {}
        self._closed = False

    def add(self, batch: Batch) -> None:
        """Queue a sealed batch behind those of its object."""
        with self._changed:
            self._waiting.append(batch)
            self._bytes[batch.id] = batch.size
            self._changed.notify_all()

    def take(self) -> Batch | None:
        """The next batch that may be worked on; waits for one. None when there will be none."""
        with self._changed:
            while True:
                for batch in self._waiting:
                    turns = self._under_way.setdefault(batch.plan.sobject, deque())
                    if len(turns) < _UNDER_WAY_PER_OBJECT:
                        self._waiting.remove(batch)
                        turns.append(batch.id)
                        return batch
                if self._closed:
                    return None
                self._changed.wait()

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
            self._changed.notify_all()

    def await_space(self, max_bytes: int) -> None:
        """Wait until the batches that are queued or under way take at most so many bytes."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or sum(self._bytes.values()) <= max_bytes)

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
