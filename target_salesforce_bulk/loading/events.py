"""Events in the life of batches, as data, and their delivery to subscribers."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.errors import SalesforceBulkError
    from target_salesforce_bulk.journal.batch import Batch, Counts
    from target_salesforce_bulk.mapping.resolve import ResolvedStream
    from target_salesforce_bulk.salesforce.job import JobInfo


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchSettled:
    """Every row of a batch has an outcome on disk or is in a child batch."""

    batch: Batch
    counts: Counts
    #: Batches that resend some of its rows.
    children: tuple[Batch, ...] = ()
    #: The cost of loading it.
    jobs: int = 0
    api_calls: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchTakenOver:
    """A batch of an earlier run, with rows that are sent again, will be loaded in this run."""

    batch: Batch


@dataclass(frozen=True, kw_only=True, slots=True)
class RowsKept:
    """The stream of a child batch stopped, so its rows are stored as failed, not resent."""

    batch: Batch
    counts: Counts


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamStopped:
    """This run loads no further batch of a stream; the other streams continue."""

    stream: str
    error: SalesforceBulkError


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamStarted:
    """A stream is read, in a schema that is the first one or another than before."""

    stream: str
    #: Its name in the tap, before stream maps.
    tap_stream: str
    resolved: ResolvedStream


class Step(StrEnum):
    """A step of a batch on its way through its ingest job."""

    LOOK_UP = "look up ids"
    CREATE = "create job"
    UPLOAD = "upload"
    AWAIT_TURN = "await turn"
    CLOSE = "close job"
    AWAIT_END = "await job"
    DOWNLOAD = "download results"
    STORE = "store outcomes"


@dataclass(frozen=True, kw_only=True, slots=True)
class StepEnded:
    """A step of a batch is over, whether it succeeded or not."""

    batch: Batch
    step: Step
    #: Seconds since 1970, by the clock of this machine.
    started_at: float
    seconds: float
    #: The class of the error that ended it; empty if none did.
    error: str = ""
    #: The job at the end of `AWAIT_END`.
    job: JobInfo | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class JobCreated:
    """A batch has a job, which takes its rows next."""

    batch: Batch


@dataclass(frozen=True, kw_only=True, slots=True)
class JobPolled:
    """Salesforce has told how far the job of a batch is; also the last time, when it has ended."""

    batch: Batch
    job: JobInfo


@dataclass(frozen=True, kw_only=True, slots=True)
class JobGivenUp:
    """The job of a batch was aborted; the batch may get another one."""

    batch: Batch


Event = (
    BatchSettled
    | BatchTakenOver
    | RowsKept
    | StreamStopped
    | StreamStarted
    | StepEnded
    | JobCreated
    | JobPolled
    | JobGivenUp
)


class Events:
    """Delivers events to observers, in order of subscription.

    Any thread may publish. A lock delivers one event at a time, so an observer never runs in two
    threads at once, and all observers see events in the same order.
    """

    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self._observers: list[Callable[[Event], None]] = []

    def subscribe(self, observer: Callable[[Event], None]) -> None:
        """Add an observer; it is called on the publishing thread."""
        self._observers.append(observer)

    def publish(self, event: Event) -> None:
        """Deliver an event to every observer; without any, no lock is taken."""
        if not self._observers:
            return
        with self._mutex:
            for observer in self._observers:
                observer(event)
