"""Loads sealed batches on worker threads while the input is read."""

from __future__ import annotations

import logging
import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import (
    ApiUsageError,
    JobError,
    LoadError,
    SalesforceBulkError,
)
from target_salesforce_bulk.loading.events import BatchSettled, BatchTakenOver, StreamStopped
from target_salesforce_bulk.loading.schedule import Schedule
from target_salesforce_bulk.loading.stopping import BatchGivenUpError, RunStoppedError
from target_salesforce_bulk.log_codes import LogCode, log_facts

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.loading.batch_loader import BatchLoader, Loaded
    from target_salesforce_bulk.loading.events import Events
    from target_salesforce_bulk.loading.guards.deletes import DeleteGuard
    from target_salesforce_bulk.loading.settling.child_batches import RowRetries
    from target_salesforce_bulk.salesforce.client import Client

logger = logging.getLogger(__name__)


class Loader:
    """Loads batches; the methods are for the thread that reads stdin.

    Args:
        client: The connection to Salesforce, for counting its calls.
        batch_loader: Loads one batch.
        retries: When rows are sent again.
        workers: How many batches are under way at once.
        max_spool_bytes: Reading waits while more bytes than this are queued.
        events: Receives the events of batches.
        deletes: Stops a stream before it deletes too much.
        early_problem: Called after each batch of a stream that has more rows: why the rest of the
            stream should not be sent; empty if it should.
        stopping: Set when the run is to leave.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        *,
        client: Client,
        batch_loader: BatchLoader,
        retries: RowRetries,
        workers: int,
        max_spool_bytes: int,
        events: Events,
        deletes: DeleteGuard,
        early_problem: Callable[[Batch], str],
        stopping: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._batch_loader = batch_loader
        self._retries = retries
        self._max_spool_bytes = max_spool_bytes
        self._events = events
        self._deletes = deletes
        self._early_problem = early_problem
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
        self._fatal: SalesforceBulkError | None = None
        self._number_of_workers = workers
        self._workers: list[threading.Thread] = []

    def start(self) -> None:
        """Start the worker threads."""
        self._workers = [
            threading.Thread(target=self._work, name=f"loader-{number}", daemon=True)
            for number in range(1, self._number_of_workers + 1)
        ]
        for worker in self._workers:
            worker.start()

    def finish_left(self, batch: Batch) -> None:
        """Settle a batch of an earlier run whose job was closed, before `start`.

        Raises:
            JobError: it cannot be settled.
            SalesforceError: no batch can be, as for a login that is refused.
        """
        self._deletes.add(batch)
        parents_coming = bool(batch.plan.parents)
        finish = partial(self._batch_loader.finish, batch, parents_coming=parents_coming)
        for child in self._observed(finish).children:
            self._events.publish(BatchTakenOver(batch=child))
            self._queue_child(child, hold_seconds=self._guard(child))

    def take_over(self, batch: Batch) -> None:
        """Queue a child batch of an earlier run, before `start`.

        Raises:
            SalesforceError: nothing can be loaded.
        """
        self._events.publish(BatchTakenOver(batch=batch))
        self._deletes.add(batch)
        self._queue_child(batch, hold_seconds=self._guard(batch))

    def submit(self, batch: Batch) -> None:
        """Queue a sealed batch; waits while too many bytes are queued already.

        Raises:
            SalesforceBulkError: loading has ended for a reason that affects all batches.
        """
        self._objects.add(batch.plan.sobject)
        self._deletes.add(batch)
        self._schedule.add(batch, hold_seconds=self._guard(batch))
        self._schedule.await_space(self._max_spool_bytes)
        self.check()

    def _guard(self, batch: Batch) -> float:
        """Stop the stream of a batch whose deletes have been counted, if they are too many.

        Returns:
            How long the batch is held else, as the deletes that come after it may be too many.
        """
        if self.is_stopped(batch.plan.stream):
            return 0.0
        if problem := self._deletes.problem(batch):
            self._stop_stream(batch.plan.stream, LoadError(problem))
            return 0.0
        return self._deletes.hold_seconds(batch)

    def paused(self) -> AbstractContextManager[None]:
        """Begin no batch meanwhile, so that batches submitted together can start with parents."""
        return self._schedule.paused()

    def check(self) -> None:
        """Raise the error that ended the loading as a whole, if there is one.

        If it lets jobs that were started come to their end, that is waited for.
        """
        if self._fatal is not None:
            self._schedule.await_idle()
            raise self._fatal

    def is_stopped(self, stream: str) -> bool:
        """Whether no further batch of a stream is begun."""
        return stream in self._stopped_streams

    def _stop_stream(self, stream: str, error: SalesforceBulkError) -> None:
        """Begin no further batch of a stream; only the first reason is reported."""
        first = stream not in self._stopped_streams
        self._stopped_streams.add(stream)
        self._schedule.hurry(stream)
        if first:
            logger.warning(
                "Stream %s stopped: %s",
                stream,
                error,
                extra=log_facts(LogCode.STREAM_STOPPED, stream=stream),
            )
            self._events.publish(StreamStopped(stream=stream, error=error))

    def _goes_on(self, loaded: Loaded) -> bool:
        """Whether more rows of a batch's stream may be sent."""
        stream = loaded.batch.plan.stream
        waiting = any(each.plan.stream == stream for each in self._for_parents)
        return (
            self._reading
            or waiting
            or bool(loaded.children)
            or self._schedule.holds_more_of(loaded.batch)
        )

    def drain(self) -> None:
        """Wait until every queued batch is settled or its stream stopped, and end the workers.

        Raises:
            SalesforceBulkError: as for `submit`.
        """
        self._reading = False
        self._schedule.release()
        self._schedule.await_empty()
        for child in self._for_parents:  # by now, every parent of this run is loaded or failed
            self._schedule.add(child)
        self._schedule.await_empty()
        self._schedule.close()
        self.check()

    def stop(self, timeout_seconds: float = 10.0) -> None:
        """Let the workers exit at their next step; what they began stays in the journal."""
        self._stopping.set()
        self._schedule.close()
        deadline = self._clock() + timeout_seconds
        for worker in self._workers:
            worker.join(max(0.0, deadline - self._clock()))

    def _work(self) -> None:
        while (batch := self._schedule.take()) is not None:
            try:
                self._load_unless_stopped(batch)
            except (RunStoppedError, BatchGivenUpError):
                pass
            except ApiUsageError as error:
                self._wind_down(error)
            except SalesforceBulkError as error:
                self._end(error)
            except Exception as error:  # noqa: BLE001 - the thread that reads stdin raises it
                self._end(_unexpected(batch, error))
            finally:
                self._schedule.done(batch)

    def _end(self, error: SalesforceBulkError) -> None:
        """Stop loading; only the first reason is reported."""
        self._fatal = self._fatal or error
        self._stopping.set()
        self._schedule.close()

    def _wind_down(self, error: ApiUsageError) -> None:
        """Start no further job, but bring those that were started to their end.

        The journal keeps the other batches: the tap sends their rows again, or the next run
        continues with them.
        """
        self._fatal = self._fatal or error
        self._schedule.halt()

    def _load_unless_stopped(self, batch: Batch) -> None:
        if batch.plan.stream in self._stopped_streams:
            self._batch_loader.give_up(batch)
            return
        parents_coming = bool(batch.plan.parents) and (
            self._reading or not self._objects.isdisjoint(batch.plan.parents)
        )
        load = partial(
            self._batch_loader.load,
            batch,
            lambda: self._await_turn(batch),
            parents_coming=parents_coming,
        )
        try:
            loaded = self._observed(load)
        except JobError as error:
            self._stop_stream(batch.plan.stream, error)
            return
        if loaded.stopped:
            job_id = loaded.batch.job_id or ""
            why = JobError(loaded.stopped, job_id=job_id, permanent=True)
            self._stop_stream(batch.plan.stream, why)
        elif self._goes_on(loaded) and (problem := self._early_problem(loaded.batch)):
            self._stop_stream(batch.plan.stream, LoadError(problem))
        for child in loaded.children:
            self._queue_child(child)

    def _observed(self, settle: Callable[[], Loaded]) -> Loaded:
        """Settle a batch, and publish its outcome."""
        started = self._clock()
        with self._client.tally() as tally:
            loaded = settle()
        self._events.publish(
            BatchSettled(
                batch=loaded.batch,
                counts=loaded.counts,
                children=tuple(loaded.children),
                jobs=loaded.batch.jobs_made,
                api_calls=tally.calls,
                seconds=self._clock() - started,
            )
        )
        return loaded

    def _queue_child(self, child: Batch, *, hold_seconds: float = 0.0) -> None:
        """Queue rows to be resent: after a delay, or once their parents have been loaded."""
        if child.for_parents:
            self._for_parents.append(child)
        else:
            self._schedule.add(child, self._wait_before(child), hold_seconds=hold_seconds)

    def _wait_before(self, child: Batch) -> float:
        stopped = child.plan.stream in self._stopped_streams
        return 0.0 if stopped else self._retries.wait_before(child)

    def _await_turn(self, batch: Batch) -> bool:
        """Wait for the batches before; False when this one must not go on."""
        return self._schedule.await_turn(batch) and batch.plan.stream not in self._stopped_streams


def _unexpected(batch: Batch, error: Exception) -> SalesforceBulkError:
    """A bug in this program, as one line; the traceback is in the log at level DEBUG."""
    logger.debug("Batch %s", batch.id, exc_info=error)
    unexpected = SalesforceBulkError(
        f"Batch {batch.id} of stream {batch.plan.stream} could not be loaded because of a bug in "
        f"this program: {type(error).__name__}, {error}. Please report it. The next run continues "
        "where this one stopped."
    )
    unexpected.__cause__ = error
    return unexpected
