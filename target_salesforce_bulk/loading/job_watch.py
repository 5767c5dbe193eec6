"""Queries jobs: their state, their end and their results."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import (
    JobError,
    LimitExceededError,
    NotFoundError,
    RequestError,
    ResponseError,
    UnavailableError,
)
from target_salesforce_bulk.loading.events import Events, JobPolled
from target_salesforce_bulk.loading.polling import Pace
from target_salesforce_bulk.loading.settling.result_files import (
    count_rows,
    counts_tell,
    explain_mismatch,
)
from target_salesforce_bulk.loading.stopping import leave_if, sleep
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.plain_text import counted
from target_salesforce_bulk.private_files import UsingFiles
from target_salesforce_bulk.salesforce.job import JobState, ResultKind
from target_salesforce_bulk.salesforce.result_file import result_bound

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.loading.polling import PollPlan
    from target_salesforce_bulk.salesforce.ingest import IngestApi
    from target_salesforce_bulk.salesforce.job import JobInfo

logger = logging.getLogger(__name__)

#: How often results are read that do not add up.
_RESULT_ATTEMPTS = 3

#: The states of a job that has not ended, in their order.
_ORDER = (JobState.OPEN, JobState.UPLOAD_COMPLETE, JobState.IN_PROGRESS)


class JobWatch:
    """Queries jobs and changes none; safe to call from any thread.

    Each method raises `RunStoppedError` where the run is to leave before a request.

    Args:
        api: The ingest resources.
        poll: How to wait for a job.
        stopping: Set when the run is to leave.
        state_dir: Where batches and their results are.
        clock: Seconds that never go back.
        steps: Receives what is learnt of jobs.
    """

    def __init__(
        self,
        *,
        api: IngestApi,
        poll: PollPlan,
        stopping: threading.Event,
        state_dir: Path,
        clock: Callable[[], float] = time.monotonic,
        steps: Events | None = None,
    ) -> None:
        self._api = api
        self._steps = steps or Events()
        self._poll = poll
        self._stopping = stopping
        self._state_dir = state_dir
        self._clock = clock
        #: Rows a second that the newest job of an object managed.
        self._speeds: dict[str, float] = {}

    def get(self, job_id: str) -> JobInfo:
        """A job's state; a single response that it does not exist is not trusted.

        Raises:
            NotFoundError: it is gone.
        """
        try:
            return self._api.get(job_id)
        except NotFoundError:
            sleep(self._stopping, self._poll.interval_seconds)
            return self._api.get(job_id)

    def await_end(self, batch: Batch) -> JobInfo:
        """Poll the job until it has ended.

        Raises:
            JobError: it makes no progress.
            NotFoundError: it is gone.
        """
        started = self._clock()
        sobject = batch.plan.sobject
        speed = self._speeds.get(sobject, 0.0)
        pace = Pace(self._poll, batch.rows, now=started, rows_per_second=speed)
        progress, progressed_at, wait, began = (-1, -1), started, pace.wait, False
        while True:
            sleep(self._stopping, wait)
            job = self.get(job_id_of(batch))
            self._steps.publish(JobPolled(batch=batch, job=job))
            if job.state.is_terminal:
                self._speeds[sobject] = batch.rows / max(self._clock() - started, 0.001)
                _log_end(batch, job)
                return job
            if _progress(batch, job) > progress:
                progress, progressed_at = _progress(batch, job), self._clock()
                began = _log_progress(batch, job, began=began)
            if self._clock() - progressed_at > self._poll.timeout_seconds:
                raise JobError(
                    f"Job {job.id} has been {job.state} without progress for "
                    f"{self._poll.timeout_seconds:.0f} seconds (job_timeout_seconds). "
                    "The next run checks it again; none of its rows are sent twice.",
                    job_id=job.id,
                    permanent=False,
                )
            wait = pace.answered(job.records_processed or 0, self._clock())

    def download(self, batch: Batch, job: JobInfo, *, with_ids: bool) -> dict[ResultKind, Path]:
        """Download the result files; again if they do not add up, as a response may be damaged.

        The successful results, by far the largest, are not read if their Ids are not wanted and
        the job's counts name every row as loaded, unless the other two results contradict them.

        Args:
            batch: The batch.
            job: Its job as it ended.
            with_ids: Whether the Ids of the records are wanted.

        Raises:
            NotFoundError: Salesforce has no results of it any more.
        """
        files = {kind: result_file(batch, kind) for kind in ResultKind}
        wanted = dict(files)
        if not with_ids and counts_tell(batch, job):
            del wanted[ResultKind.SUCCESSFUL]
        for attempt in range(1, _RESULT_ATTEMPTS + 1):
            for kind, path in wanted.items():
                self._download(batch, kind, path)
            mismatch = explain_mismatch(batch, job, wanted)
            if not mismatch:
                break
            wanted = files
            if attempt < _RESULT_ATTEMPTS:
                logger.warning(
                    "Job %s of stream %s: %s; the results are read again",
                    job.id,
                    batch.plan.stream,
                    mismatch,
                    extra=log_facts(LogCode.RESULTS_READ_AGAIN, **batch_facts(batch)),
                )
                sleep(self._stopping, self._poll.interval_seconds)
        return wanted

    def has_no_results(self, batch: Batch) -> bool:
        """Whether the results of a job that has ended name no row.

        Raises:
            NotFoundError: Salesforce has no results of it any more.
        """
        for kind in (ResultKind.SUCCESSFUL, ResultKind.FAILED):
            path = result_file(batch, kind)
            try:
                self._download(batch, kind, path)
            except (LimitExceededError, UnavailableError, NotFoundError):
                raise
            except RequestError as error:
                logger.info(
                    "Job %s of stream %s has no %s: %s",
                    batch.job_id,
                    batch.plan.stream,
                    kind,
                    error.detail,
                    extra=log_facts(LogCode.JOB_WITHOUT_RESULTS, **batch_facts(batch), kind=kind),
                )
                continue
            try:
                rows = count_rows(path)
            except ResponseError:
                return False
            path.unlink()
            if rows:
                return False
        return True

    def _download(self, batch: Batch, kind: ResultKind, path: Path) -> None:
        """Save a result file; one that cannot be read is left out, and its rows are uncertain."""
        leave_if(self._stopping)
        path.unlink(missing_ok=True)
        job_id, bound = job_id_of(batch), result_bound(batch.size)
        with UsingFiles(self._state_dir):
            try:
                self._api.download(job_id, kind, path, most_bytes=bound)
            except NotFoundError:
                sleep(self._stopping, self._poll.interval_seconds)
                self._api.download(job_id, kind, path, most_bytes=bound)
            except ResponseError as error:
                logger.warning(
                    "Job %s of stream %s: %s",
                    job_id,
                    batch.plan.stream,
                    error,
                    extra=log_facts(LogCode.RESULTS_UNREADABLE, **batch_facts(batch), kind=kind),
                )


def _progress(batch: Batch, job: JobInfo) -> tuple[int, int]:
    """How far a job is that has not ended; it cannot grow without end."""
    return _ORDER.index(job.state), min(job.records_processed or 0, batch.rows)


def _log_progress(batch: Batch, job: JobInfo, *, began: bool) -> bool:
    """Log how far a job is, at level INFO once it is being processed; whether it has been."""
    begins = not began and job.state is JobState.IN_PROGRESS
    processed = job.records_processed or 0
    logger.log(
        logging.INFO if begins else logging.DEBUG,
        "Job %s of stream %s is %s in Salesforce: %s of %s processed",
        job.id,
        batch.plan.stream,
        job.state,
        f"{processed:,}",
        counted(batch.rows, "row"),
        extra=log_facts(
            LogCode.JOB_PROGRESS,
            **batch_facts(batch),
            state=job.state,
            processed=processed,
            rows=batch.rows,
        ),
    )
    return began or begins


def _log_end(batch: Batch, job: JobInfo) -> None:
    processed, failed = job.records_processed or 0, job.records_failed or 0
    logger.info(
        "Job %s of stream %s ended: %s after %.1f s of processing, %s processed, %s of them "
        "failed%s",
        job.id,
        batch.plan.stream,
        job.state,
        job.total_processing_ms / 1000,
        counted(processed, "row"),
        f"{failed:,}",
        f": {job.error_message}" if job.error_message else "",
        extra=log_facts(
            LogCode.JOB_ENDED,
            **batch_facts(batch),
            state=job.state,
            processed=processed,
            failed=failed,
            error=job.error_message,
            total_processing_ms=job.total_processing_ms,
            apex_processing_ms=job.apex_processing_ms,
        ),
    )


def job_id_of(batch: Batch) -> str:
    """The job of a batch that has one."""
    if batch.job_id is None:
        raise AssertionError(f"Batch {batch.id} has no job.")
    return batch.job_id


def result_file(batch: Batch, kind: ResultKind) -> Path:
    """Where one of the result files of a batch goes."""
    return batch.folder / f"{kind}.csv"


def batch_facts(batch: Batch) -> dict[str, object]:
    """What names a batch in a structured log line."""
    return {
        "job_id": batch.job_id,
        "batch_id": batch.id,
        "stream": batch.plan.stream,
        "sobject": batch.plan.sobject,
        "operation": batch.plan.operation,
    }
