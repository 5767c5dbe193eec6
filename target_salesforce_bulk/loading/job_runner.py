"""Takes one batch through its ingest job, step by step.

Each step is: act, journal, go on. What a step relies on is on disk before the step after it begins;
`lifecycle.py` says which step may follow which.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

from target_salesforce_bulk.errors import (
    AnswerLostError,
    JobError,
    LimitExceededError,
    NotFoundError,
    RequestError,
    SalesforceBulkError,
    UnavailableError,
)
from target_salesforce_bulk.loading.batch import pack
from target_salesforce_bulk.loading.error_table import UNCERTAIN, UNPROCESSED
from target_salesforce_bulk.loading.failed_rows import RowError
from target_salesforce_bulk.loading.grouping import group_by_parent
from target_salesforce_bulk.loading.lifecycle import BatchState, Event
from target_salesforce_bulk.loading.lookup import KeyLookup
from target_salesforce_bulk.loading.polling import Pace
from target_salesforce_bulk.loading.results import (
    AllFailed,
    Settlement,
    counts_tell,
    explain_mismatch,
    row_keys,
)
from target_salesforce_bulk.loading.retries import ChildWriter, drop_newer
from target_salesforce_bulk.salesforce.job import JobState, ResultKind

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from target_salesforce_bulk.loading.batch import Batch, Counts
    from target_salesforce_bulk.loading.error_table import ErrorTable
    from target_salesforce_bulk.loading.journal import Journal
    from target_salesforce_bulk.loading.polling import PollPlan
    from target_salesforce_bulk.loading.retries import RowRetries
    from target_salesforce_bulk.salesforce.ingest import IngestApi
    from target_salesforce_bulk.salesforce.job import JobInfo
    from target_salesforce_bulk.salesforce.query import QueryApi

logger = logging.getLogger(__name__)

#: How far Salesforce's clock may be behind ours.
_CLOCK_TOLERANCE = timedelta(minutes=5)

#: How often results are read that do not add up.
_RESULT_ATTEMPTS = 3

#: How often one batch may get a new job because the one before was spoilt on the way.
_JOBS_PER_BATCH = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """A batch that is settled."""

    batch: Batch
    counts: Counts
    #: Batches with the rows of it that are to be sent again.
    children: list[Batch]
    #: Ids of those that wait until their parents must be there.
    for_parents: set[int] = field(default_factory=set)
    #: Why no further batch of its stream should be loaded; empty where they should.
    stopped: str = ""


class StoppedError(Exception):
    """The run is being stopped; the journal knows where the batch stands."""


class JobRunner:
    """The steps from a sealed batch to a settled one; safe to call from any thread.

    Args:
        api: The ingest resources.
        query: Looks records up.
        journal: Where each step is written down.
        poll: How to wait for a job.
        stopping: Set when the run is to leave; the next step then raises `StoppedError`.
        table: What errors mean.
        retries: How often rows are sent again.
        on_kept: Told of rows that are stored as failed because they will not be sent again.
        keep_results: Told of each file of successful results before it is removed.
        compress: Whether uploads are compressed, as long as Salesforce takes them so.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        *,
        api: IngestApi,
        query: QueryApi,
        journal: Journal,
        poll: PollPlan,
        stopping: threading.Event,
        table: ErrorTable,
        retries: RowRetries,
        on_kept: Callable[[Batch, Counts], None],
        keep_results: Callable[[Batch, Path], None] | None = None,
        compress: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._query = query
        self._journal = journal
        self._poll = poll
        self._stopping = stopping
        self._table = table
        self._retries = retries
        self._on_kept = on_kept
        self._keep_results = keep_results
        self._compress = compress
        #: Rows a second that the newest job of an object managed.
        self._speeds: dict[str, float] = {}
        self._clock = clock

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
            SalesforceError: no batch can be, as for a login that is refused.
            StoppedError: the run is being stopped.
        """
        if batch.plan.lookup and batch.rows:
            batch = self._resolve(batch, await_turn)
        if batch.parent_id is not None and batch.plan.label_index is not None:
            batch = self._leave_out_newer(batch, await_turn)
        if not batch.rows:
            return self._store(batch, Settlement(batch, self._table))
        group_by_parent(batch)
        batch = self._submit(batch, await_turn)
        return self.finish(batch, parents_coming=parents_coming)

    def finish(self, batch: Batch, *, parents_coming: bool = False) -> Loaded:
        """Settle a batch whose job has been closed; raises as `load` does."""
        try:
            job = self._await_end(batch)
        except NotFoundError:
            return self._settle_without_job(batch)
        if batch.state is BatchState.SUBMITTED:
            batch = self._journal.record(batch.id, Event.ENDED)
        return self._settle(batch, job, parents_coming=parents_coming)

    def _wait_for_turn(self, batch: Batch, await_turn: Callable[[], bool]) -> None:
        """Wait before the first request for a batch, whose rows then depend on earlier batches."""
        if not await_turn():
            self._leave_if_stopping()
            self.give_up(batch)
            raise StoppedError

    def give_up(self, batch: Batch) -> None:
        """Do not send a batch of a stream that stopped.

        Its rows come again from the tap; those of a child batch do not, as the rest of their batch
        is settled, so they are kept as failed ones.
        """
        if batch.parent_id is None:
            self._journal.abandon(batch.id)
        else:
            self._keep_rows_of_child(batch, "the stream was stopped before the row was sent again")

    def _keep_rows_of_child(self, batch: Batch, why: str) -> None:
        """Store the rows of a child batch as failed, none of which has been processed."""
        if batch.parent_id is not None:
            error = RowError(code=UNPROCESSED, message=why, raw=UNPROCESSED)
            counts, _ = self._journal.settle(batch, AllFailed(batch, self._table, error))
            self._on_kept(batch, counts)

    def _leave_out_newer(self, batch: Batch, await_turn: Callable[[], bool]) -> Batch:
        """Drop rows of a child batch whose records a later batch has written meanwhile."""
        self._wait_for_turn(batch, await_turn)
        names = list(row_keys(batch))
        wanted, newer = set(names), set[str]()
        for later in self._journal.later_batches(batch):
            newer |= wanted.intersection(row_keys(later))
        if not newer:
            return batch
        rows, size = drop_newer(batch, newer, names)
        logger.info(
            "Batch %s: %s rows are not sent again, because newer ones of the same key were",
            batch.id,
            batch.rows - rows,
        )
        return self._journal.reduce(batch, rows=rows, size=size)

    def _resolve(self, batch: Batch, await_turn: Callable[[], bool]) -> Batch:
        """Look up the Ids of a batch's records, once the batches before have written theirs."""
        self._wait_for_turn(batch, await_turn)
        try:
            rows, size = KeyLookup(batch, self._query).run()
        except (LimitExceededError, UnavailableError):
            raise
        except RequestError as error:
            raise JobError(str(error), job_id="", permanent=True) from error
        logger.info(
            "Batch %s of stream %s: %s of %s records found by %s",
            batch.id,
            batch.plan.stream,
            rows,
            batch.rows,
            batch.plan.key,
        )
        return self._journal.resolve(batch, rows=rows, size=size)

    def _submit(self, batch: Batch, await_turn: Callable[[], bool]) -> Batch:
        """Bring a sealed batch to the point where its job is closed."""
        while True:
            batch = self._create(batch)
            try:
                self._upload(batch)
                if not await_turn():
                    self._give_up_turn(batch)
                self._close(batch)
            except (LimitExceededError, UnavailableError):
                raise
            except (AnswerLostError, RequestError) as error:
                self._retry_with_new_job(batch, error)
                continue
            return self._journal.record(batch.id, Event.SUBMITTED)

    def _give_up_turn(self, batch: Batch) -> NoReturn:
        """Leave a job open for the next run to abort, or abort it where only its stream stopped."""
        self._leave_if_stopping()
        self._abort(batch)
        self.give_up(self._journal.record(batch.id, Event.ABORTED))
        raise StoppedError

    def _create(self, batch: Batch) -> Batch:
        self._leave_if_stopping()
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
            return self._create(batch)
        except (LimitExceededError, UnavailableError):
            raise
        except RequestError as error:
            self._keep_rows_of_child(batch, str(error))
            raise JobError(str(error), job_id="", permanent=True) from error
        batch = self._journal.record(
            batch.id, Event.CREATED, job_id=job.id, attempt=batch.attempt + 1
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
            extra=_ids("job_created", batch),
        )
        return batch

    def _upload(self, batch: Batch) -> None:
        self._leave_if_stopping()
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
            extra=_ids("job_uploaded", batch),
        )

    def _send_plain(self, why: str) -> None:
        """Compress no further upload."""
        if self._compress:
            logger.warning(
                "Salesforce %s, so uploads are sent plain from now on. Set compress_uploads to "
                "false.",
                why,
            )
        self._compress = False

    def _close(self, batch: Batch) -> None:
        """Close the job: the point of no return. An answer that was lost is asked for."""
        self._leave_if_stopping()
        job_id = _job_id(batch)
        try:
            self._api.close(job_id)
        except (AnswerLostError, RequestError) as error:
            if self._api.get(job_id).state is JobState.OPEN:
                raise
            logger.warning("Job %s: %s It is closed all the same.", job_id, error)
        logger.info("Job %s closed", job_id, extra=_ids("job_closed", batch))

    def _retry_with_new_job(self, batch: Batch, error: SalesforceBulkError) -> None:
        """Give up a job that is still open: nothing of it has been processed."""
        if batch.attempt >= _JOBS_PER_BATCH:
            raise JobError(
                f"Batch {batch.id} could not be sent in {batch.attempt} jobs; the last error: "
                f"{error}",
                job_id=_job_id(batch),
                permanent=False,
            ) from error
        logger.warning(
            "Job %s: %s It is aborted and made anew.",
            batch.job_id,
            error,
            extra=_ids("job_aborted", batch),
        )
        self._abort(batch)
        self._journal.record(batch.id, Event.ABORTED)

    def _abort(self, batch: Batch) -> None:
        self._abort_job(_job_id(batch))

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

    def _await_end(self, batch: Batch) -> JobInfo:
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
            if self._stopping.wait(wait):
                raise StoppedError
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
                    extra=_ids("job_progress", batch),
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

    def _log_end(self, batch: Batch, job: JobInfo) -> None:
        logger.info(
            "Job %s ended: %s, %s rows processed, %s of them failed%s",
            job.id,
            job.state,
            job.records_processed or 0,
            job.records_failed or 0,
            f": {job.error_message}" if job.error_message else "",
            extra=_ids("job_ended", batch),
        )

    def _settle(self, batch: Batch, job: JobInfo, *, parents_coming: bool) -> Loaded:
        """Read the results, and store the outcome of every row."""
        untouched = job.state is JobState.FAILED and not job.records_processed
        unread = self._compressed_in_vain(batch, job)
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
        files = {} if untouched else self._download(batch, job)
        settlement = Settlement(
            batch,
            self._table,
            job,
            files,
            # Somebody wanted an aborted job to stop, so nothing of it goes on by itself.
            retry=None
            if job.state is JobState.ABORTED
            else ChildWriter(batch, self._retries, parents_coming=parents_coming, whole=unread),
            open_keys=self._journal.failures.open_keys(batch.plan.sobject),
        )
        if self._keep_results is not None and not untouched:
            self._keep_results(batch, files[ResultKind.SUCCESSFUL])
        loaded = self._store(batch, settlement)
        for kind in ResultKind:
            _result_file(batch, kind).unlink(missing_ok=True)
        self._log_outcome(batch, job, settlement)
        if job.state is JobState.ABORTED:
            return replace(
                loaded, stopped=f"Job {job.id} was aborted in Salesforce; its rest is not sent."
            )
        return loaded

    def _compressed_in_vain(self, batch: Batch, job: JobInfo) -> bool:
        """Whether a job was sent compressed, and Salesforce could make nothing of it."""
        if not batch.packed.exists() or job.state is JobState.ABORTED:
            return False
        if job.records_processed:
            return False
        self._send_plain(f"could not read job {job.id}, which was sent compressed")
        return True

    def _download(self, batch: Batch, job: JobInfo) -> dict[ResultKind, Path]:
        """Get the result files; again where they do not add up, as an answer may be damaged.

        The successful results, by far the largest, are left out where nobody wants their Ids and
        the job's counts name every row as loaded, unless the other two results contradict them.
        """
        files = {kind: _result_file(batch, kind) for kind in ResultKind}
        wanted = dict(files)
        if self._keep_results is None and counts_tell(batch, job):
            del wanted[ResultKind.SUCCESSFUL]
        for attempt in range(1, _RESULT_ATTEMPTS + 1):
            for kind, path in wanted.items():
                self._leave_if_stopping()
                self._api.download(job.id, kind, path)
            mismatch = explain_mismatch(batch, job, wanted)
            if not mismatch:
                break
            wanted = files
            if attempt < _RESULT_ATTEMPTS:
                logger.warning("Job %s: %s; the results are read again", job.id, mismatch)
                if self._stopping.wait(self._poll.interval_seconds):
                    raise StoppedError
        return wanted

    def _settle_without_job(self, batch: Batch) -> Loaded:
        """A job that was deleted, or purged after seven days: nobody knows what became of it."""
        why = f"job {batch.job_id} is not in Salesforce any more, so its results are lost"
        error = RowError(code=UNCERTAIN, message=why, raw=f"{UNCERTAIN}:{why}:--")
        logger.error(
            "Job %s is gone: deleted by somebody, or older than seven days. Its %s rows are "
            "uncertain; look them up before sending them again.",
            batch.job_id,
            batch.rows,
            extra=_ids("job_gone", batch),
        )
        if batch.state is BatchState.SUBMITTED:
            batch = self._journal.record(batch.id, Event.ENDED)
        counts, _ = self._journal.settle(batch, AllFailed(batch, self._table, error))
        return Loaded(
            batch=batch, counts=counts, children=[], stopped=f"{why}; its rows are uncertain."
        )

    def _log_outcome(self, batch: Batch, job: JobInfo, settlement: Settlement) -> None:
        counts = settlement.counts()
        if settlement.mismatch:
            logger.error(
                "Job %s: the answers do not add up: %s. %s rows are uncertain; look them up "
                "before sending them again.",
                job.id,
                settlement.mismatch,
                counts.uncertain,
                extra=_ids("job_mismatch", batch),
            )
        logger.info(
            "Job %s settled: %s loaded, %s failed, %s unprocessed, %s uncertain, %s sent again",
            job.id,
            counts.loaded,
            counts.failed - counts.refused,
            counts.unprocessed,
            counts.uncertain,
            counts.retried,
            extra=_ids("job_settled", batch),
        )
        if counts.counted:
            logger.info(
                "Job %s: its counts name all rows as loaded, and the failed and unprocessed "
                "results are empty; the successful ones were not read",
                job.id,
            )

    def _store(self, batch: Batch, settlement: Settlement) -> Loaded:
        counts, children = self._journal.settle(batch, settlement)
        drafts = settlement.children()
        waiting = {child.id for child, d in zip(children, drafts, strict=True) if d.for_parents}
        return Loaded(batch=batch, counts=counts, children=children, for_parents=waiting)

    def wait_before(self, child: Batch) -> None:
        """Wait until rows may be sent again."""
        if self._stopping.wait(self._retries.wait_before(child)):
            raise StoppedError

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
            if self._api.get(_job_id(batch)).state is not JobState.OPEN:
                return False
            self._abort(batch)
        except NotFoundError:
            logger.info("Job %s is gone already", batch.job_id)
        return True

    def _leave_if_stopping(self) -> None:
        if self._stopping.is_set():
            raise StoppedError


def _job_id(batch: Batch) -> str:
    if batch.job_id is None:
        raise AssertionError(f"Batch {batch.id} has no job.")
    return batch.job_id


def _result_file(batch: Batch, kind: ResultKind) -> Path:
    return batch.folder / f"{kind}.csv"


def _ids(action: str, batch: Batch) -> dict[str, object]:
    """What a structured log line carries beside its text."""
    return {
        "action": action,
        "job_id": batch.job_id,
        "batch_id": batch.id,
        "stream": batch.plan.stream,
    }
