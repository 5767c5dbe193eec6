"""Takes one batch through its ingest job, step by step.

Each step is: act, write to the journal, continue. What a step relies on is on disk beforehand;
`lifecycle.py` says which step may follow which.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import (
    AnswerLostError,
    JobError,
    LimitExceededError,
    NotFoundError,
    RequestError,
    UnavailableError,
)
from target_salesforce_bulk.journal.failed_rows import UNCERTAIN, UNPROCESSED, RowError
from target_salesforce_bulk.journal.lifecycle import BatchState, Event
from target_salesforce_bulk.loading.events import RowsKept, Step
from target_salesforce_bulk.loading.job_watch import batch_facts, result_file
from target_salesforce_bulk.loading.preparing.grouping import group_by_parent
from target_salesforce_bulk.loading.preparing.lookup import KeyLookup
from target_salesforce_bulk.loading.preparing.newer import leave_out_newer
from target_salesforce_bulk.loading.settling.child_batches import ChildWriter
from target_salesforce_bulk.loading.settling.settlement import AllFailed, Settlement
from target_salesforce_bulk.loading.steps import Steps
from target_salesforce_bulk.loading.stopping import BatchGivenUpError, leave_if
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.plain_text import counted
from target_salesforce_bulk.private_files import UsingFiles
from target_salesforce_bulk.salesforce.job import JobState, ResultKind

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, Counts
    from target_salesforce_bulk.journal.port import Journal
    from target_salesforce_bulk.loading.events import Events
    from target_salesforce_bulk.loading.ingest_jobs import IngestJobs
    from target_salesforce_bulk.loading.settling.child_batches import RowRetries
    from target_salesforce_bulk.loading.settling.error_table import ErrorTable
    from target_salesforce_bulk.salesforce.job import JobInfo
    from target_salesforce_bulk.salesforce.query import QueryApi

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """A batch that is settled."""

    batch: Batch
    counts: Counts
    #: Batches with the rows of it that are to be sent again.
    children: list[Batch]
    #: Why no further batch of its stream should be loaded; empty where they should.
    stopped: str = ""


class BatchLoader:
    """The steps from a sealed batch to a settled one; safe to call from any thread.

    Args:
        jobs: What is done to jobs.
        query: Looks records up.
        journal: Where each step is written down.
        stopping: Set when the run is to leave; the next step then raises `RunStoppedError`.
        table: What errors mean.
        retries: How often rows are sent again.
        events: Receives the events of batches.
        steps: Receives a `StepEnded` for each step of a batch.
        keep_results: Called with each file of successful results before it is deleted.
    """

    def __init__(
        self,
        *,
        jobs: IngestJobs,
        query: QueryApi,
        journal: Journal,
        stopping: threading.Event,
        table: ErrorTable,
        retries: RowRetries,
        events: Events,
        steps: Events,
        keep_results: Callable[[Batch, Path], None] | None = None,
    ) -> None:
        #: What is done to jobs.
        self.jobs = jobs
        self._query = query
        self._journal = journal
        self._stopping = stopping
        self._table = table
        #: How often rows are sent again.
        self.retries = retries
        self._events = events
        self._steps = Steps(steps)
        self._keep_results = keep_results

    def load(
        self, batch: Batch, await_turn: Callable[[], bool], *, parents_coming: bool = False
    ) -> Loaded:
        """Load a sealed batch and settle it.

        Args:
            batch: The batch.
            await_turn: Waits until the batch's job may be closed; False when the run stops.
            parents_coming: Whether this run loads the objects that rows look parents up in.

        Raises:
            JobError: the batch cannot be settled.
            ApiUsageError: no further job may start; the batch stays as it is.
            SalesforceError: no batch can be, as for a login that is refused.
            RunStoppedError: the run is being stopped.
            BatchGivenUpError: the stream was stopped before the batch's job was closed.
        """
        if batch.plan.lookup and batch.rows:
            batch = self._resolve(batch, await_turn)
        if batch.parent_id is not None and batch.plan.label_index is not None:
            batch = self._leave_out_newer(batch, await_turn)
        if not batch.rows:
            return self._store(batch, Settlement(batch, self._table))
        with UsingFiles(self._journal.state_dir):
            group_by_parent(batch)
        batch = self._submit(batch, await_turn)
        return self.finish(batch, parents_coming=parents_coming)

    def finish(self, batch: Batch, *, parents_coming: bool = False) -> Loaded:
        """Settle a batch whose job has been closed; raises as `load` does."""
        try:
            await_end = partial(self.jobs.watch.await_end, batch)
            job = self._steps.take(Step.AWAIT_END, batch, await_end)
            if batch.state is BatchState.SUBMITTED:
                batch = self._journal.record(batch.id, Event.ENDED)
            with UsingFiles(self._journal.state_dir):
                return self._settle(batch, job, parents_coming=parents_coming)
        except NotFoundError:
            return self._settle_without_job(batch)

    def _wait_for_turn(self, batch: Batch, await_turn: Callable[[], bool]) -> None:
        """Wait before the first request for a batch, whose rows then depend on earlier batches."""
        if not await_turn():
            leave_if(self._stopping)
            self.give_up(batch)
            raise BatchGivenUpError

    def give_up(self, batch: Batch) -> None:
        """Do not send a batch of a stream that stopped.

        The tap sends its rows again. It does not send those of a child batch, because the rest of
        their batch is settled, so they are stored as failed.
        """
        if batch.parent_id is None:
            self._journal.abandon(batch.id)
        else:
            self._keep_rows_of_child(batch, "the stream was stopped before the row was resent")

    def _keep_rows_of_child(self, batch: Batch, why: str) -> None:
        """Store the rows of a child batch as failed, none of which has been processed."""
        if batch.parent_id is not None:
            error = RowError(code=UNPROCESSED, message=why, raw=UNPROCESSED)
            counts, _ = self._journal.settle(batch, AllFailed(batch, self._table, error))
            self._events.publish(RowsKept(batch=batch, counts=counts))

    def _leave_out_newer(self, batch: Batch, await_turn: Callable[[], bool]) -> Batch:
        """Drop from a child batch what newer rows have written meanwhile."""
        self._wait_for_turn(batch, await_turn)
        overwritten = self._journal.waiting.overwritten(batch.id)
        if not overwritten:
            return batch
        rows, size = leave_out_newer(batch, overwritten)
        logger.info(
            "Batch %s of stream %s: newer rows of %s were loaded; %s with nothing left to write "
            "will not be resent",
            batch.id,
            batch.plan.stream,
            counted(len(overwritten), "record"),
            counted(batch.rows - rows, "row"),
            extra=log_facts(
                LogCode.NEWER_ROWS_FOUND, **batch_facts(batch), left_out=batch.rows - rows
            ),
        )
        return self._journal.reduce(batch, rows=rows, size=size)

    def _resolve(self, batch: Batch, await_turn: Callable[[], bool]) -> Batch:
        """Look up the Ids of a batch's records, once the batches before have written theirs."""
        self._wait_for_turn(batch, await_turn)
        self.jobs.check_usage()
        try:
            with UsingFiles(self._journal.state_dir):
                look_up = KeyLookup(batch, self._query).run
                rows, size = self._steps.take(Step.LOOK_UP, batch, look_up)
        except (LimitExceededError, UnavailableError):
            raise
        except RequestError as error:
            raise JobError(str(error), job_id="", permanent=True) from error
        logger.info(
            "Batch %s of stream %s: %s of %s found by %s",
            batch.id,
            batch.plan.stream,
            f"{rows:,}",
            counted(batch.rows, "record"),
            batch.plan.key,
            extra=log_facts(
                LogCode.KEYS_LOOKED_UP, **batch_facts(batch), found=rows, rows=batch.rows
            ),
        )
        return self._journal.resolve(batch, rows=rows, size=size)

    def _submit(self, batch: Batch, await_turn: Callable[[], bool]) -> Batch:
        """Bring a sealed batch to the point where its job is closed."""
        while batch.state is BatchState.SEALED:
            batch = self._create(batch)
            try:
                self._steps.take(Step.UPLOAD, batch, partial(self.jobs.upload, batch))
            except (LimitExceededError, UnavailableError):
                raise
            except (AnswerLostError, RequestError) as error:
                batch = self.jobs.renew(batch, error)
            else:
                batch = self._close_in_turn(batch, await_turn)
        return batch

    def _create(self, batch: Batch) -> Batch:
        try:
            return self._steps.take(Step.CREATE, batch, partial(self.jobs.create, batch))
        except JobError as error:
            self._keep_rows_of_child(batch, str(error))
            raise

    def _close_in_turn(self, batch: Batch, await_turn: Callable[[], bool]) -> Batch:
        """Close a job in its turn; give it up if only its stream stopped.

        If the run is being stopped, the job is left open for the next run to abort.
        """
        if self._steps.take(Step.AWAIT_TURN, batch, await_turn):
            return self._steps.take(Step.CLOSE, batch, partial(self.jobs.close, batch))
        leave_if(self._stopping)
        batch = self.jobs.abort(batch)
        if batch.state is BatchState.SEALED:
            self.give_up(batch)
            raise BatchGivenUpError
        return batch

    def _settle(self, batch: Batch, job: JobInfo, *, parents_coming: bool) -> Loaded:
        """Read the results, and store the outcome of every row."""
        untouched = self.jobs.was_refused_as_a_whole(batch, job)
        unread = self.jobs.was_compressed_in_vain(batch, job)
        if untouched and not unread and not self._table.job_is_transient(job.error_message):
            if batch.parent_id is None:
                self._journal.abandon(batch.id)
            else:
                self._keep_rows_of_child(batch, job.error_message)
            raise JobError(
                f"Salesforce refused job {job.id} as a whole: {job.error_message}",
                job_id=job.id,
                permanent=True,
            )
        with_ids = self._keep_results is not None
        download = partial(self.jobs.watch.download, batch, job, with_ids=with_ids)
        files = {} if untouched else self._steps.take(Step.DOWNLOAD, batch, download)
        settlement = Settlement(
            batch,
            self._table,
            job,
            files,
            # A person aborted the job, so none of its rows is resent automatically.
            retry=None
            if job.state is JobState.ABORTED
            else ChildWriter(batch, self.retries, parents_coming=parents_coming, whole=unread),
        )
        if self._keep_results is not None and not untouched:
            self._keep_results(batch, files[ResultKind.SUCCESSFUL])
        loaded = self._store(batch, settlement)
        for kind in ResultKind:
            result_file(batch, kind).unlink(missing_ok=True)
        self._log_outcome(batch, job, settlement.mismatch, loaded.counts)
        if job.state is JobState.ABORTED:
            return replace(
                loaded,
                stopped=f"Job {job.id} was aborted in Salesforce; its remaining rows are not sent.",
            )
        return loaded

    def _settle_without_job(self, batch: Batch) -> Loaded:
        """Store rows as uncertain whose job was deleted, or purged after seven days."""
        why = f"job {batch.job_id} no longer exists in Salesforce, so its results are lost"
        error = RowError(code=UNCERTAIN, message=why, raw=f"{UNCERTAIN}:{why}:--")
        logger.error(
            "Job %s of stream %s no longer exists: it was deleted or is older than seven days. "
            "Rows that are uncertain: %s. Look them up before resending them.",
            batch.job_id,
            batch.plan.stream,
            f"{batch.rows:,}",
            extra=log_facts(LogCode.JOB_GONE, **batch_facts(batch), rows=batch.rows),
        )
        if batch.state is BatchState.SUBMITTED:
            batch = self._journal.record(batch.id, Event.ENDED)
        counts, _ = self._journal.settle(batch, AllFailed(batch, self._table, error))
        return Loaded(
            batch=batch, counts=counts, children=[], stopped=f"{why}; its rows are uncertain."
        )

    def _log_outcome(self, batch: Batch, job: JobInfo, mismatch: str, counts: Counts) -> None:
        if mismatch:
            logger.error(
                "Job %s of stream %s: the responses do not add up: %s. Rows that are uncertain: "
                "%s. Look them up before resending them.",
                job.id,
                batch.plan.stream,
                mismatch,
                f"{counts.uncertain:,}",
                extra=log_facts(
                    LogCode.JOB_MISMATCH, **batch_facts(batch), uncertain=counts.uncertain
                ),
            )
        logger.info(
            "Job %s of stream %s settled: %s",
            job.id,
            batch.plan.stream,
            _told(counts),
            extra=log_facts(
                LogCode.JOB_SETTLED,
                **batch_facts(batch),
                loaded=counts.loaded,
                failed=counts.failed - counts.refused,
                unprocessed=counts.unprocessed,
                uncertain=counts.uncertain,
                resent=counts.retried,
                counted=counts.counted,
            ),
        )

    def _store(self, batch: Batch, settlement: Settlement) -> Loaded:
        settle = partial(self._journal.settle, batch, settlement)
        counts, children = self._steps.take(Step.STORE, batch, settle)
        return Loaded(batch=batch, counts=counts, children=children)


def _told(counts: Counts) -> str:
    """The outcomes of a job's rows, in words; of those that are rare, only what occurred."""
    told = [
        f"{counted(counts.loaded, 'row')} loaded",
        f"{counts.failed - counts.refused:,} failed",
        *(
            f"{number:,} {what}"
            for number, what in (
                (counts.unprocessed, "unprocessed"),
                (counts.uncertain, "uncertain"),
                (counts.retried, "resent"),
            )
            if number
        ),
    ]
    return ", ".join(told)
