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
    JobError,
    LimitExceededError,
    NotFoundError,
    RequestError,
    SalesforceBulkError,
    UnavailableError,
)
from target_salesforce_bulk.journal.lifecycle import BatchState, Event
from target_salesforce_bulk.loading.attempts import Attempts
from target_salesforce_bulk.loading.job_watch import JobWatch, job_id_of, log_facts
from target_salesforce_bulk.loading.preparing.pack import pack
from target_salesforce_bulk.loading.stopping import leave_if
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

#: How often one batch may get a new job because the one before was spoilt on the way.
_JOBS_PER_BATCH = 5


class IngestJobs:
    """What is done to jobs; safe to call from any thread.

    Each method raises `RunStoppedError` where the run is to leave before a request.

    Args:
        api: The ingest resources.
        journal: Where each step is written down.
        poll: How to wait for a job.
        policy: How often a create or close is tried again whose answer was lost.
        stopping: Set when the run is to leave.
        compress: Whether uploads are compressed, as long as Salesforce takes them so.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        *,
        api: IngestApi,
        journal: Journal,
        poll: PollPlan,
        policy: RetryPolicy,
        stopping: threading.Event,
        compress: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        #: What is asked about jobs.
        self.watch = JobWatch(
            api=api, poll=poll, stopping=stopping, state_dir=journal.state_dir, clock=clock
        )
        self._api = api
        self._journal = journal
        self._policy = policy
        self._stopping = stopping
        self._compress = compress
        self._clock = clock

    def create(self, batch: Batch) -> Batch:
        """Make the open job of a sealed batch; again where the answer is lost.

        Raises:
            JobError: Salesforce makes none for it.
        """
        leave_if(self._stopping)
        attempts = Attempts(self._policy, self._stopping, self._clock)
        while True:
            try:
                job = self._request_job(batch.plan)
            except AnswerLostError as error:
                logger.warning("Batch %s: %s A new job is made.", batch.id, error)
                if attempts.wait_for_another():
                    continue
                raise JobError(
                    f"Batch {batch.id}: no job could be made for it in {attempts.number} attempts, "
                    f"as each answer was lost. {error} Run again when Salesforce answers.",
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
        logger.info(
            "Job %s created: %s %s, batch %s of stream %s with %s rows, %s bytes",
            job.id,
            batch.plan.operation,
            batch.plan.sobject,
            batch.id,
            batch.plan.stream,
            batch.rows,
            batch.size,
            extra=log_facts("job_created", batch),
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
        logger.info(
            "Job %s uploaded in %.1f s",
            batch.job_id,
            self._clock() - started,
            extra=log_facts("job_uploaded", batch),
        )

    def close(self, batch: Batch) -> Batch:
        """Close the job, which holds its rows: the point of no return.

        An answer that was lost is asked for, and the job closed again where it is still open.

        Returns:
            The batch: submitted, where its job is closed, or gone; sealed again, where Salesforce
            refused to close the job, and it was given up.

        Raises:
            JobError: it could neither be closed nor given up.
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
        logger.info("Job %s closed", batch.job_id, extra=log_facts("job_closed", batch))
        return self._journal.record(batch.id, Event.SUBMITTED)

    def _close(self, batch: Batch) -> None:
        """Ask for the close until the job is known not to be open any more."""
        attempts = Attempts(self._policy, self._stopping, self._clock)
        while not self._try_to_close(batch):
            if not attempts.wait_for_another():
                raise JobError(
                    f"Job {batch.job_id} could not be closed in {attempts.number} attempts, as "
                    "each answer was lost. The next run asks for it again; nothing of it is sent "
                    "twice.",
                    job_id=job_id_of(batch),
                    permanent=False,
                )

    def _try_to_close(self, batch: Batch) -> bool:
        """Ask for the close once; False where the job is open still."""
        try:
            self._api.close(job_id_of(batch))
        except (AnswerLostError, RequestError) as error:
            if not self.is_open(batch):
                logger.warning("Job %s: %s It is not open any more.", batch.job_id, error)
                return True
            if isinstance(error, RequestError):
                raise
            logger.warning("Job %s: %s It is open still.", batch.job_id, error)
            return False
        return True

    def is_open(self, batch: Batch) -> bool:
        """Whether a batch's job can still be closed."""
        try:
            return self.watch.get(job_id_of(batch)).state is JobState.OPEN
        except NotFoundError:
            return False

    def renew(self, batch: Batch, error: SalesforceBulkError) -> Batch:
        """Give up a job that was spoilt before it was closed; returns and raises as `abort` does.

        Raises:
            JobError: there were too many already.
        """
        if batch.jobs_made >= _JOBS_PER_BATCH:
            raise JobError(
                f"Batch {batch.id} could not be sent in {batch.jobs_made} jobs; the last error: "
                f"{error}",
                job_id=job_id_of(batch),
                permanent=False,
            ) from error
        logger.warning(
            "Job %s: %s It is aborted and made anew.",
            batch.job_id,
            error,
            extra=log_facts("job_aborted", batch),
        )
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
            refusal = error  # whether it was aborted before, by whomever, only its state tells
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
            logger.info("Job %s is gone already", batch.job_id)
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
        """Whether a job was sent compressed, and Salesforce could make nothing of it."""
        if not batch.packed.exists() or job.state is JobState.ABORTED:
            return False
        if job.records_processed:
            return False
        self._send_plain(f"could not read job {job.id}, which was sent compressed")
        return True

    def _send_plain(self, why: str) -> None:
        """Compress no further upload."""
        if self._compress:
            logger.warning(
                "Salesforce %s, so uploads are sent plain from now on. Set compress_uploads to "
                "false.",
                why,
            )
        self._compress = False


def _pack(batch: Batch) -> Path:
    pack(batch.upload, batch.packed)
    return batch.packed


def _plain(batch: Batch) -> Path:
    batch.packed.unlink(missing_ok=True)  # that it is there says how the job was sent
    return batch.upload
