"""Takes sealed batches through their ingest jobs, on worker threads, while reading goes on."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from target_salesforce_bulk.errors import JobError
from target_salesforce_bulk.loading.schedule import Schedule
from target_salesforce_bulk.loading.stopping import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from target_salesforce_bulk.errors import SalesforceBulkError
    from target_salesforce_bulk.journal.batch import Batch, Counts
    from target_salesforce_bulk.loading.batch_loader import BatchLoader
    from target_salesforce_bulk.loading.settling.child_batches import RowRetries
    from target_salesforce_bulk.salesforce.client import Client


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchReport:
    """What one batch cost and what became of it."""

    batch: Batch
    counts: Counts
    #: Batches with the rows of it that are sent again.
    children: list[Batch]
    jobs: int
    api_calls: int
    seconds: float


class Observer(Protocol):
    """Who is told what becomes of batches; called from worker threads."""

    def batch_settled(self, report: BatchReport) -> None:
        """Every row of the batch has an outcome on disk."""

    def stream_stopped(self, batch: Batch, error: SalesforceBulkError) -> None:
        """A batch cannot be settled, so no further batch of its stream will be loaded."""


class Loader:
    """Loads batches; the methods are for the thread that reads stdin.

    Args:
        client: The connection to Salesforce, for counting its calls.
        runner: Loads one batch.
        retries: When rows are sent again.
        workers: How many batches are under way at once.
        max_spool_bytes: Reading waits while more bytes than this are queued.
        observer: Who is told what becomes of batches.
        stopping: Set when the run is to leave.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        *,
        client: Client,
        runner: BatchLoader,
        retries: RowRetries,
        workers: int,
        max_spool_bytes: int,
        observer: Observer,
        stopping: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._runner = runner
        self._retries = retries
        self._max_spool_bytes = max_spool_bytes
        self._observer = observer
        self._stopping = stopping
        self._clock = clock
        self._schedule = Schedule()
        self._stopped_streams: set[str] = set()
        self._objects: set[str] = set()
        #: Whether more batches may come from the input.
        self._reading = True
        #: Child batches whose rows wait for their parents.
        self._for_parents: list[Batch] = []
        #: The first error that concerns the run as a whole, such as a login that is refused.
        self._fatal: BaseException | None = None
        self._workers = [
            threading.Thread(target=self._work, name=f"loader-{number}", daemon=True)
            for number in range(1, workers + 1)
        ]
        for worker in self._workers:
            worker.start()

    def submit(self, batch: Batch) -> None:
        """Queue a sealed batch; waits while too many bytes are queued already.

        Raises:
            SalesforceBulkError: loading has come to an end for a reason that concerns all batches.
        """
        self._objects.add(batch.plan.sobject)
        self._schedule.add(batch)
        self._schedule.await_space(self._max_spool_bytes)
        self.check()

    def paused(self) -> AbstractContextManager[None]:
        """Begin no batch meanwhile: what is submitted together may then go parents first."""
        return self._schedule.paused()

    def check(self) -> None:
        """Raise the error that ended the loading as a whole, if there is one."""
        if self._fatal is not None:
            raise self._fatal

    def stop_stream(self, stream: str) -> None:
        """Begin no further batch of a stream."""
        self._stopped_streams.add(stream)
        self._schedule.hurry(stream)

    def drain(self) -> None:
        """Wait until every queued batch is settled or its stream stopped, and end the workers.

        Raises:
            SalesforceBulkError: as for `submit`.
        """
        self._reading = False
        self._schedule.await_empty()
        for child in self._for_parents:  # by now, every parent of this run is there or failed
            self._schedule.add(child)
        self._schedule.await_empty()
        self._schedule.close()
        self.check()

    def stop(self, timeout_seconds: float = 10.0) -> None:
        """Let the workers leave at their next step; what they began stays in the journal."""
        self._stopping.set()
        self._schedule.close()
        deadline = self._clock() + timeout_seconds
        for worker in self._workers:
            worker.join(max(0.0, deadline - self._clock()))

    def _work(self) -> None:
        while (batch := self._schedule.take()) is not None:
            try:
                self._load_unless_stopped(batch)
            except StoppedError:
                pass
            except BaseException as error:  # noqa: BLE001 - handed to the thread that reads stdin
                self._fatal = self._fatal or error
                self._stopping.set()
                self._schedule.close()
            finally:
                self._schedule.done(batch)

    def _load_unless_stopped(self, batch: Batch) -> None:
        if batch.plan.stream in self._stopped_streams:
            self._runner.give_up(batch)
            return
        started = self._clock()
        parents_coming = bool(batch.plan.parents) and (
            self._reading or not self._objects.isdisjoint(batch.plan.parents)
        )
        try:
            with self._client.tally() as tally:
                loaded = self._runner.load(
                    batch, lambda: self._await_turn(batch), parents_coming=parents_coming
                )
        except JobError as error:
            self.stop_stream(batch.plan.stream)
            self._observer.stream_stopped(batch, error)
            return
        self._observer.batch_settled(
            BatchReport(
                batch=loaded.batch,
                counts=loaded.counts,
                children=loaded.children,
                jobs=loaded.batch.attempt,
                api_calls=tally.calls,
                seconds=self._clock() - started,
            )
        )
        if loaded.stopped:
            self.stop_stream(batch.plan.stream)
            job_id = loaded.batch.job_id or ""
            why = JobError(loaded.stopped, job_id=job_id, permanent=True)
            self._observer.stream_stopped(loaded.batch, why)
        for child in loaded.children:
            if child.id in loaded.for_parents:
                self._for_parents.append(child)
            else:
                self._schedule.add(child, self._wait_before(child))

    def _wait_before(self, child: Batch) -> float:
        stopped = child.plan.stream in self._stopped_streams
        return 0.0 if stopped else self._retries.wait_before(child)

    def _await_turn(self, batch: Batch) -> bool:
        """Wait for the batches before; False when this one must not go on."""
        return self._schedule.await_turn(batch) and batch.plan.stream not in self._stopped_streams
