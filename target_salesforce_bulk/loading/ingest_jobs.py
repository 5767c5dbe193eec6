"""The ingest jobs of batches: made, filled, closed or given up.

What a job's state means for its batch is written to the journal before the next request. A job that
this journal has not recorded is never touched: one whose id was lost holds no data, and ends by
itself (https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide/salesforce-app-limits-platform-bulkapi.html).
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import (
    AnswerLostError,
    ApiUsageError,
    JobError,
    LimitExceededError,
    NotFoundError,
    RequestError,
    SalesforceBulkError,
    UnavailableError,
)
from target_salesforce_bulk.journal.lifecycle import BatchState, Event
from target_salesforce_bulk.loading.attempts import Attempts
from target_salesforce_bulk.loading.events import Events, JobCreated, JobGivenUp
from target_salesforce_bulk.loading.job_watch import JobWatch, batch_facts, job_id_of
from target_salesforce_bulk.loading.preparing.pack import pack
from target_salesforce_bulk.loading.stopping import leave_if
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.plain_text import counted
from target_salesforce_bulk.private_files import UsingFiles
from target_salesforce_bulk.salesforce.job import JobState

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.journal.port import Journal
    from target_salesforce_bulk.loading.polling import PollPlan
    from target_salesforce_bulk.salesforce.ingest import IngestApi
    from target_salesforce_bulk.salesforce.job import JobInfo
    from target_salesforce_bulk.salesforce.transport import RetryPolicy

logger = logging.getLogger(__name__)

#: How often one batch may get a new job because the one before failed on the way.
_JOBS_PER_BATCH = 5


class IngestJobs:
    """Creates, fills, closes and aborts jobs; safe to call from any thread.

    Each method raises `RunStoppedError` where the run is to leave before a request.

    Args:
        api: The ingest resources.
        journal: Where each step is written down.
        poll: How to wait for a job.
        policy: How often a create or close is tried again whose answer was lost.
        stopping: Set when the run is to leave.
        usage_problem: Why no further job may start; empty if one may.
        compress: Whether uploads are compressed, as long as Salesforce takes them so.
        clock: Seconds that never go back.
        steps: Receives the steps of jobs.
    """

    def __init__(
        self,
        *,
        api: IngestApi,
        journal: Journal,
        poll: PollPlan,
        policy: RetryPolicy,
        stopping: threading.Event,
        usage_problem: Callable[[], str],
        compress: bool = False,
        clock: Callable[[], float] = time.monotonic,
        steps: Events | None = None,
    ) -> None:
        self._steps = steps or Events()
        #: What is asked about jobs.
        self.watch = JobWatch(
            api=api,
            poll=poll,
            stopping=stopping,
            state_dir=journal.state_dir,
            clock=clock,
            steps=self._steps,
        )
        self._api = api
        self._journal = journal
        self._policy = policy
        self._stopping = stopping
        self._usage_problem = usage_problem
        self._compress = compress
        self._clock = clock

    def check_usage(self) -> None:
        """Check that a job may start.

        Raises:
            ApiUsageError: too much of the org's daily API requests is used.
        """
        if problem := self._usage_problem():
            raise ApiUsageError(problem)

    def create(self, batch: Batch) -> Batch:
        """Create the job of a sealed batch; again if the response is lost.

        Raises:
            ApiUsageError: too much of the org's daily API requests is used.
            JobError: Salesforce does not create one.
        """
        leave_if(self._stopping)
        self.check_usage()
        attempts = Attempts(self._policy, self._stopping, self._clock)
        while True:
            try:
                job = self._request_job(batch.plan)
            except AnswerLostError as error:
                logger.warning(
                    "Batch %s of stream %s: %s Creating a new job.",
                    batch.id,
                    batch.plan.stream,
                    error,
                    extra=log_facts(LogCode.JOB_NOT_CREATED, **batch_facts(batch)),
                )
                if attempts.wait_for_another():
                    continue
                raise JobError(
                    f"Batch {batch.id}: no job could be created for it in {attempts.number} "
                    f"attempts, as every response was lost. {error} Run again when Salesforce "
                    "responds.",
                    job_id="",
                    permanent=False,
                ) from error
            return self._note_created(batch, job)

    def _request_job(self, plan: LoadPlan) -> JobInfo:
        try:
            return self._api.create(
                plan.sobject,
                plan.operation,
                external_id_field=plan.external_id_field,
                assignment_rule_id=plan.assignment_rule_id,
            )
        except (LimitExceededError, UnavailableError):
            raise
        except RequestError as error:
            raise JobError(str(error), job_id="", permanent=True) from error

    def _note_created(self, batch: Batch, job: JobInfo) -> Batch:
        batch = self._journal.record(
            batch.id, Event.CREATED, job_id=job.id, jobs_made=batch.jobs_made + 1
        )
        self._steps.publish(JobCreated(batch=batch))
        logger.info(
            "Job %s of stream %s created: %s of %s to %s (batch %s, %s)",
            job.id,
            batch.plan.stream,
            batch.plan.operation,
            counted(batch.rows, "row"),
            batch.plan.sobject,
            batch.id,
            counted(batch.size, "byte"),
            extra=log_facts(
                LogCode.JOB_CREATED, **batch_facts(batch), rows=batch.rows, bytes=batch.size
            ),
        )
        return batch

    def upload(self, batch: Batch) -> None:
        """Send the rows of a batch to its open job."""
        leave_if(self._stopping)
        started = self._clock()
        compressed = self._compress
        try:
            with UsingFiles(self._journal.state_dir):
                path = _pack(batch) if compressed else _plain(batch)
                self._api.upload(job_id_of(batch), path, compressed=compressed)
        except RequestError:
            if compressed:
                self._send_plain("refuses a compressed upload")
            raise
        seconds = self._clock() - started
        logger.debug(
            "Job %s of stream %s uploaded: %s in %.1f s",
            batch.job_id,
            batch.plan.stream,
            counted(batch.rows, "row"),
            seconds,
            extra=log_facts(LogCode.JOB_UPLOADED, **batch_facts(batch), seconds=seconds),
        )

    def close(self, batch: Batch) -> Batch:
        """Close the job, which holds its rows: the point of no return.

        If the response is lost, the job is queried, and closed again if it is still open.

        Returns:
            The batch: submitted if its job is closed or gone; sealed again if Salesforce refused to
            close the job, which was then given up.

        Raises:
            JobError: the job could neither be closed nor aborted.
        """
        leave_if(self._stopping)
        if batch.state is not BatchState.CLOSING:
            batch = self._journal.record(batch.id, Event.CLOSING)
        try:
            self._close(batch)
        except (LimitExceededError, UnavailableError):
            raise
        except RequestError as error:
            return self.renew(batch, error)
        logger.info(
            "Job %s of stream %s closed: Salesforce now processes its %s",
            batch.job_id,
            batch.plan.stream,
            counted(batch.rows, "row"),
            extra=log_facts(LogCode.JOB_CLOSED, **batch_facts(batch), rows=batch.rows),
        )
        return self._journal.record(batch.id, Event.SUBMITTED)

    def _close(self, batch: Batch) -> None:
        """Try to close the job until it is known to be no longer open."""
        attempts = Attempts(self._policy, self._stopping, self._clock)
        while not self._try_to_close(batch):
            if not attempts.wait_for_another():
                raise JobError(
                    f"Job {batch.job_id} could not be closed in {attempts.number} attempts, as "
                    "every response was lost. The next run checks it again; none of its rows are "
                    "sent twice.",
                    job_id=job_id_of(batch),
                    permanent=False,
                )

    def _try_to_close(self, batch: Batch) -> bool:
        """Try once to close the job; False if it is still open."""
        try:
            self._api.close(job_id_of(batch))
        except (AnswerLostError, RequestError) as error:
            if not self.is_open(batch):
                _warn(LogCode.JOB_CLOSED_AFTER_ALL, batch, f"{error} It is no longer open.")
                return True
            if isinstance(error, RequestError):
                raise
            _warn(LogCode.JOB_STILL_OPEN, batch, f"{error} It is still open.")
            return False
        return True

    def is_open(self, batch: Batch) -> bool:
        """Whether a batch's job can still be closed."""
        try:
            return self.watch.get(job_id_of(batch)).state is JobState.OPEN
        except NotFoundError:
            return False

    def renew(self, batch: Batch, error: SalesforceBulkError) -> Batch:
        """Abort a job that failed before it was closed; returns and raises as `abort` does.

        Raises:
            JobError: too many jobs were created for the batch.
        """
        if batch.jobs_made >= _JOBS_PER_BATCH:
            raise JobError(
                f"Batch {batch.id} could not be sent in {batch.jobs_made} jobs; the last error: "
                f"{error}",
                job_id=job_id_of(batch),
                permanent=False,
            ) from error
        _warn(LogCode.JOB_REPLACED, batch, f"{error} The job is aborted and replaced by a new one.")
        return self.abort(batch)

    def abort(self, batch: Batch) -> Batch:
        """Give up the job of a batch, unless it had been closed.

        Returns:
            The batch: sealed where nothing of its job has been or will be processed, and submitted
            where the job is to be awaited.

        Raises:
            JobError: Salesforce does not abort it.
        """
        event = Event.ABORTED if self._is_given_up(batch) else Event.SUBMITTED
        if event is Event.ABORTED:
            self._steps.publish(JobGivenUp(batch=batch))
        return self._journal.record(batch.id, event)

    def _is_given_up(self, batch: Batch) -> bool:
        """Abort a job, and believe it only when Salesforce says that nothing was processed.

        A request to close it may take effect just before, however late.
        """
        refusal: Exception | None = None
        try:
            self._api.abort(job_id_of(batch))
        except (LimitExceededError, UnavailableError):
            raise
        except (AnswerLostError, RequestError) as error:
            refusal = error  # only its state tells whether it had already been aborted
        try:
            job = self.watch.get(job_id_of(batch))
            if job.state is JobState.OPEN:
                raise JobError(
                    f"Job {job.id} cannot be aborted: {refusal or 'it stays open'}",
                    job_id=job.id,
                    permanent=False,
                ) from refusal
            return job.state is JobState.ABORTED and self._is_untouched(batch, job)
        except NotFoundError:
            logger.info(
                "Job %s of stream %s is already gone",
                batch.job_id,
                batch.plan.stream,
                extra=log_facts(LogCode.JOB_ALREADY_GONE, **batch_facts(batch)),
            )
            return batch.state is BatchState.CREATED

    def _is_untouched(self, batch: Batch, job: JobInfo) -> bool:
        """Whether an aborted job was aborted while it was open.

        Where it may have been closed, the counts alone might be behind what was done, so the
        results are asked as well.
        """
        if job.records_processed:
            return False
        return batch.state is BatchState.CREATED or self.watch.has_no_results(batch)

    def was_refused_as_a_whole(self, batch: Batch, job: JobInfo) -> bool:
        """Whether a job failed before its first row.

        The counts alone might be behind what was done, so the results are asked as well.
        """
        if job.state is not JobState.FAILED or job.records_processed:
            return False
        try:
            return self.watch.has_no_results(batch)
        except NotFoundError:
            return True  # the job is there, so what is missing are results

    def was_compressed_in_vain(self, batch: Batch, job: JobInfo) -> bool:
        """Whether a job was sent compressed and Salesforce could not read it."""
        if not batch.packed.exists() or job.state is JobState.ABORTED:
            return False
        if job.records_processed:
            return False
        self._send_plain(f"could not read job {job.id}, which was sent compressed")
        return True

    def _send_plain(self, why: str) -> None:
        """Stop compressing uploads."""
        if self._compress:
            logger.warning(
                "Salesforce %s, so uploads are no longer compressed. Set compress_uploads to "
                "false.",
                why,
                extra=log_facts(LogCode.COMPRESSION_STOPPED),
            )
        self._compress = False


def _warn(code: LogCode, batch: Batch, what: str) -> None:
    logger.warning(
        "Job %s of stream %s: %s",
        batch.job_id,
        batch.plan.stream,
        what,
        extra=log_facts(code, **batch_facts(batch)),
    )


def _pack(batch: Batch) -> Path:
    pack(batch.upload, batch.packed)
    return batch.packed


def _plain(batch: Batch) -> Path:
    batch.packed.unlink(missing_ok=True)  # that it is there says how the job was sent
    return batch.upload
