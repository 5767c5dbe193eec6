"""What happens to batches, as data; whoever wants to know subscribes."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.errors import SalesforceBulkError
    from target_salesforce_bulk.journal.batch import Batch, Counts


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchSettled:
    """Every row of a batch has an outcome on disk, or is in a child batch."""

    batch: Batch
    counts: Counts
    #: Batches with the rows of it that are sent again.
    children: tuple[Batch, ...] = ()
    #: What settling it took.
    jobs: int = 0
    api_calls: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchTakenOver:
    """A batch of an earlier run, with rows that are sent again, will be loaded in this run."""

    batch: Batch


@dataclass(frozen=True, kw_only=True, slots=True)
class RowsKept:
    """Rows that were to be sent again are stored as failed instead, as their stream stopped."""

    batch: Batch
    counts: Counts


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamStopped:
    """No further batch of a stream is loaded in this run; the other streams go on."""

    stream: str
    error: SalesforceBulkError


Event = BatchSettled | BatchTakenOver | RowsKept | StreamStopped


class Events:
    """Delivers events to observers, in the order of their subscription.

    Safe to publish to from any thread: a lock lets one event through at a time, so an observer
    never runs in two threads at once, and all observers see the same order.
    """

    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self._observers: list[Callable[[Event], None]] = []

    def subscribe(self, observer: Callable[[Event], None]) -> None:
        """Add an observer; it is called on whatever thread publishes."""
        self._observers.append(observer)

    def publish(self, event: Event) -> None:
        """Tell every observer, one after the other."""
        with self._mutex:
            for observer in self._observers:
                observer(event)
