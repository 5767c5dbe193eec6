"""The ingest jobs of batches: made, filled, closed, waited for, given up.

What a job's state means for its batch is written to the journal before the next request.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
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
from target_salesforce_bulk.journal.lifecycle import Event
from target_salesforce_bulk.loading.polling import Pace
from target_salesforce_bulk.loading.preparing.pack import pack
from target_salesforce_bulk.loading.settling.result_files import (
    count_rows,
    counts_tell,
    explain_mismatch,
)
from target_salesforce_bulk.loading.stopping import leave_if, sleep
from target_salesforce_bulk.salesforce.job import JobState, ResultKind

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.journal.port import Journal
    from target_salesforce_bulk.loading.polling import PollPlan
    from target_salesforce_bulk.salesforce.ingest import IngestApi
    from target_salesforce_bulk.salesforce.job import JobInfo

logger = logging.getLogger(__name__)

#: How far Salesforce's clock may be behind ours.
_CLOCK_TOLERANCE = timedelta(minutes=5)

#: How often results are read that do not add up.
_RESULT_ATTEMPTS = 3

#: How often one batch may get a new job because the one before was spoilt on the way.
_JOBS_PER_BATCH = 5


class IngestJobs:
    """What is done to jobs; safe to call from any thread.

    Each method raises `StoppedError` where the run is to leave before a request.

    Args:
        api: The ingest resources.
        journal: Where each step is written down.
        poll: How to wait for a job.
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
        stopping: threading.Event,
        compress: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._journal = journal
        self._poll = poll
        self._stopping = stopping
        self._compress = compress
        #: Rows a second that the newest job of an object managed.
        self._speeds: dict[str, float] = {}
        self._clock = clock

    def create(self, batch: Batch) -> Batch:
        """Make the open job of a sealed batch.

        Raises:
            JobError: Salesforce makes none for it.
        """
        leave_if(self._stopping)
        plan = batch.plan
        try:
            job = self._api.create(
                plan.sobject,
                plan.operation,
                external_id_field=plan.external_id_field,
                assignment_rule_id=plan.assignment_rule_id,
            )
        except AnswerLostError as error:
            logger.warning("Batch %s: %s A new job is made.", batch.id, error)
            self.abort_orphans([batch])
            return self.create(batch)
        except (LimitExceededError, UnavailableError):
            raise
        except RequestError as error:
            raise JobError(str(error), job_id="", permanent=True) from error
        batch = self._journal.record(
            batch.id, Event.CREATED, job_id=job.id, jobs_made=batch.jobs_made + 1
        )
        logger.info(
            "Job %s created: %s %s, batch %s of stream %s with %s rows, %s bytes",
            job.id,
            plan.operation,
            plan.sobject,
            batch.id,
            plan.stream,
            batch.rows,
            batch.size,
            extra=log_facts("job_created", batch),
        )
        return batch

    def upload(self, batch: Batch) -> None:
        """Send the rows of a batch to its open job."""
        leave_if(self._stopping)
        started = self._clock()
        packed = batch.packed
        if self._compress:
            pack(batch.upload, packed)
            path = packed
        else:
            packed.unlink(missing_ok=True)  # that it is there says how the job was sent
            path = batch.upload
        try:
            self._api.upload(_job_id(batch), path, compressed=path is packed)
        except RequestError:
            if path is packed:
                self._send_plain("refuses a compressed upload")
            raise
        logger.info(
            "Job %s uploaded in %.1f s",
            batch.job_id,
            self._clock() - started,
            extra=log_facts("job_uploaded", batch),
        )

    def close(self, batch: Batch) -> None:
        """Close the job: the point of no return. An answer that was lost is asked for."""
        leave_if(self._stopping)
        job_id = _job_id(batch)
        try:
            self._api.close(job_id)
        except (AnswerLostError, RequestError) as error:
            if self._api.get(job_id).state is JobState.OPEN:
                raise
            logger.warning("Job %s: %s It is closed all the same.", job_id, error)
        logger.info("Job %s closed", job_id, extra=log_facts("job_closed", batch))

    def renew(self, batch: Batch, error: SalesforceBulkError) -> None:
        """Give up a job that is still open: nothing of it has been processed."""
        if batch.jobs_made >= _JOBS_PER_BATCH:
            raise JobError(
                f"Batch {batch.id} could not be sent in {batch.jobs_made} jobs; the last error: "
                f"{error}",
                job_id=_job_id(batch),
                permanent=False,
            ) from error
        logger.warning(
            "Job %s: %s It is aborted and made anew.",
            batch.job_id,
            error,
            extra=log_facts("job_aborted", batch),
        )
        self.abort(batch)

    def abort(self, batch: Batch) -> Batch:
        """Give up the open job of a batch."""
        self._abort_job(_job_id(batch))
        return self._journal.record(batch.id, Event.ABORTED)

    def await_end(self, batch: Batch) -> JobInfo:
        """Ask for the job until it has ended."""
        started = self._clock()
        sobject = batch.plan.sobject
        pace = Pace(
            self._poll,
            batch.rows,
            now=started,
            rows_per_second=self._speeds.get(sobject, 0.0),
        )
        progress, progressed_at, wait = None, started, pace.wait
        while True:
            sleep(self._stopping, wait)
            job = self._api.get(_job_id(batch))
            if job.state.is_terminal:
                self._speeds[sobject] = batch.rows / max(self._clock() - started, 0.001)
                self._log_end(batch, job)
                return job
            if progress != (job.state, job.records_processed):
                progress, progressed_at = (job.state, job.records_processed), self._clock()
                logger.info(
                    "Job %s is %s, %s of %s rows processed",
                    job.id,
                    job.state,
                    job.records_processed or 0,
                    batch.rows,
                    extra=log_facts("job_progress", batch),
                )
            if self._clock() - progressed_at > self._poll.timeout_seconds:
                raise JobError(
                    f"Job {job.id} has been {job.state} without progress for "
                    f"{self._poll.timeout_seconds:.0f} seconds (job_timeout_seconds). "
                    "The next run asks for it again; nothing of it is sent twice.",
                    job_id=job.id,
                    permanent=False,
                )
            wait = pace.answered(job.records_processed or 0, self._clock())

    def was_compressed_in_vain(self, batch: Batch, job: JobInfo) -> bool:
        """Whether a job was sent compressed, and Salesforce could make nothing of it."""
        if not batch.packed.exists() or job.state is JobState.ABORTED:
            return False
        if job.records_processed:
            return False
        self._send_plain(f"could not read job {job.id}, which was sent compressed")
        return True

    def download(self, batch: Batch, job: JobInfo, *, with_ids: bool) -> dict[ResultKind, Path]:
        """Get the result files; again where they do not add up, as an answer may be damaged.

        The successful results, by far the largest, are left out where nobody wants their Ids and
        the job's counts name every row as loaded, unless the other two results contradict them.

        Args:
            batch: The batch.
            job: Its job as it ended.
            with_ids: Whether the Ids of the records are wanted.
        """
        files = {kind: result_file(batch, kind) for kind in ResultKind}
        wanted = dict(files)
        if not with_ids and counts_tell(batch, job):
            del wanted[ResultKind.SUCCESSFUL]
        for attempt in range(1, _RESULT_ATTEMPTS + 1):
            for kind, path in wanted.items():
                leave_if(self._stopping)
                self._api.download(job.id, kind, path)
            mismatch = explain_mismatch(batch, job, wanted)
            if not mismatch:
                break
            wanted = files
            if attempt < _RESULT_ATTEMPTS:
                logger.warning("Job %s: %s; the results are read again", job.id, mismatch)
                sleep(self._stopping, self._poll.interval_seconds)
        return wanted

    def abort_orphans(self, batches: list[Batch]) -> None:
        """Abort open jobs that were made for batches, but whose ids never arrived.

        They hold no data, so nothing of them is processed. Jobs of other users, of other objects,
        and from before the batches were sealed are somebody else's.
        """
        if not batches:
            return
        wanted = {(batch.plan.sobject.lower(), batch.plan.operation) for batch in batches}
        since = min(self._journal.sealed_at(batch) for batch in batches) - _CLOCK_TOLERANCE
        me = self._api.user_id()
        for job in self._api.list_jobs():
            if (
                job.state is JobState.OPEN
                and (job.object.lower(), job.operation) in wanted
                and me in {"", job.created_by_id}
                and job.created_at() >= since
                and not self._journal.knows_job(job.id)
            ):
                logger.warning("Job %s was made for a lost request; it is aborted", job.id)
                self._abort_job(job.id)

    def give_up_open_job(self, batch: Batch) -> bool:
        """Settle a `created` batch of a run that died: abort its job, unless that was closed.

        Returns:
            Whether the job is given up. Where it is not, it had been closed before the run died.
        """
        try:
            job = self._api.get(_job_id(batch))
            if job.state is JobState.ABORTED:
                return self._is_untouched(batch, job)
            if job.state is not JobState.OPEN:
                return False
            self._abort_job(job.id)
        except NotFoundError:
            logger.info("Job %s is gone already", batch.job_id)
        return True

    def _is_untouched(self, batch: Batch, job: JobInfo) -> bool:
        """Whether a job was aborted while it was open, as by a run that died over giving it up.

        The counts alone might be behind what was done, so the results are asked as well.
        """
        if job.records_processed:
            return False
        for kind in (ResultKind.SUCCESSFUL, ResultKind.FAILED):
            path = result_file(batch, kind)
            try:
                self._api.download(job.id, kind, path)
            except (LimitExceededError, UnavailableError, NotFoundError):
                raise
            except RequestError as error:
                logger.info("Job %s has no %s: %s", job.id, kind, error.detail)
                continue
            rows = count_rows(path)
            path.unlink()
            if rows:
                return False
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

    def _abort_job(self, job_id: str) -> None:
        try:
            self._api.abort(job_id)
        except NotFoundError:
            logger.info("Job %s is gone already", job_id)
        except RequestError as error:
            # Whether it was aborted before, by whomever, only its state tells.
            if self._api.get(job_id).state is not JobState.ABORTED:
                raise
            logger.info("Job %s is aborted already: %s", job_id, error.detail)

    def _log_end(self, batch: Batch, job: JobInfo) -> None:
        logger.info(
            "Job %s ended: %s, %s rows processed, %s of them failed%s",
            job.id,
            job.state,
            job.records_processed or 0,
            job.records_failed or 0,
            f": {job.error_message}" if job.error_message else "",
            extra=log_facts("job_ended", batch),
        )


def _job_id(batch: Batch) -> str:
    if batch.job_id is None:
        raise AssertionError(f"Batch {batch.id} has no job.")
    return batch.job_id


def result_file(batch: Batch, kind: ResultKind) -> Path:
    """Where one of the result files of a batch goes."""
    return batch.folder / f"{kind}.csv"


def log_facts(action: str, batch: Batch) -> dict[str, object]:
    """What a structured log line carries beside its text."""
    return {
        "action": action,
        "job_id": batch.job_id,
        "batch_id": batch.id,
        "stream": batch.plan.stream,
    }
