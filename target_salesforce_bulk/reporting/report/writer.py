"""Writes the report of a run when it ends, however it ends."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.metadata import version
from signal import Signals
from typing import TYPE_CHECKING, Any, Literal

from target_salesforce_bulk.errors import LoadError, ResponseError, Terminated
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.reporting.report.files import write_report
from target_salesforce_bulk.reporting.report.job_times import MOST, JobTimes, as_time, maybe_time
from target_salesforce_bulk.reporting.report.recorder import facts_of, stream_name
from target_salesforce_bulk.reporting.report.schema import (
    ApiFacts,
    BatchFacts,
    ErrorFacts,
    JobFacts,
    Report,
    StreamFacts,
)
from target_salesforce_bulk.salesforce.job import read_time
from target_salesforce_bulk.salesforce.remedies import remedy_for

if TYPE_CHECKING:
    from datetime import datetime

    from target_salesforce_bulk.journal.failure_store import FailureGroup
    from target_salesforce_bulk.journal.port import Journal
    from target_salesforce_bulk.loading.settling.error_table import ErrorTable
    from target_salesforce_bulk.loading.tally import StreamTally, Tally
    from target_salesforce_bulk.reporting.report.recorder import RunRecorder
    from target_salesforce_bulk.salesforce.job import JobInfo
    from target_salesforce_bulk.salesforce.limits import ApiUsage
    from target_salesforce_bulk.salesforce.meter import Traffic

logger = logging.getLogger(__name__)

#: Groups of errors in a report, the most frequent first.
_MOST_ERRORS = 200
#: Characters of a message.
_LONGEST = 1_000

#: A batch in one of these is under way, or will be taken up by the next run.
_UNSETTLED = (
    BatchState.SEALED,
    BatchState.CREATED,
    BatchState.CLOSING,
    BatchState.SUBMITTED,
    BatchState.ENDED,
)

Verdict = Literal["succeeded", "attention", "stopped", "interrupted"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFacts:
    """What is known of a run when it begins."""

    org: str
    instance_url: str
    #: Settings to show, without secrets.
    settings: dict[str, Any]


class ReportWriter:
    """Puts the report of one run together.

    Args:
        facts: What is known from the start.
        recorder: What was observed.
        journal: Has the failed rows, and the batches that are not settled.
        tally: The totals of the streams.
        table: What to do about errors.
    """

    def __init__(
        self,
        *,
        facts: RunFacts,
        recorder: RunRecorder,
        journal: Journal,
        tally: Tally,
        table: ErrorTable,
    ) -> None:
        self._facts = facts
        self._recorder = recorder
        self._journal = journal
        self._tally = tally
        self._table = table

    def write(self, error: BaseException | None, traffic: Traffic, usage: ApiUsage | None) -> None:
        """Write the report; where that is not possible, say so, as the load itself is done.

        Args:
            error: What has ended the run, or what its outcome is judged to be; None for success.
            traffic: What the run has sent.
            usage: How much of the org's API requests is used; None where that is unknown.
        """
        try:
            path = write_report(self._journal.state_dir, self._report(error, traffic, usage))
        except Exception as problem:  # a report that fails must not fail the load
            logger.warning(
                "The report of this run could not be written: %s",
                problem,
                extra=log_facts(LogCode.REPORT_NOT_WRITTEN),
            )
            logger.debug("Report", exc_info=problem)
        else:
            logger.info(
                "Report: %s (target-salesforce-bulk report)",
                path,
                extra=log_facts(LogCode.REPORT_WRITTEN, path=str(path)),
            )

    def _report(
        self, error: BaseException | None, traffic: Traffic, usage: ApiUsage | None
    ) -> Report:
        recorder = self._recorder
        batches = self._batches()
        groups = sorted(
            self._journal.failures.groups(Selection(run_id=recorder.run_id)),
            key=lambda each: -each.rows,
        )
        return Report(
            version=1,
            run=recorder.run_id,
            program=version("target-salesforce-bulk"),
            org=self._facts.org,
            instance_url=self._facts.instance_url,
            started_at=as_time(recorder.started),
            ended_at=as_time(recorder.clock()),
            verdict=_verdict(error),
            problem=_problem(error),
            settings=self._facts.settings,
            reading=recorder.reading,
            streams=[self._stream(each) for each in self._tally.streams],
            batches=batches[:MOST],
            batches_left_out=recorder.batches_left_out + len(batches[MOST:]),
            jobs=self._jobs(batches),
            jobs_left_out=recorder.jobs.left_out,
            errors=[self._error(each) for each in groups[:_MOST_ERRORS]],
            errors_left_out=len(groups[_MOST_ERRORS:]),
            api=_api(traffic, usage),
        )

    def _stream(self, tally: StreamTally) -> StreamFacts:
        return StreamFacts(
            stream=stream_name(tally.stream),
            object=tally.sobject,
            read=tally.read,
            skipped=self._journal.recognised.taken(tally.stream),
            merged=tally.merged,
            rows=self._recorder.rows(tally.stream),
            jobs=tally.jobs,
            api_calls=tally.api_calls,
            seconds=round(tally.seconds, 3),
            stopped="" if tally.stopped is None else plain_text(tally.stopped, _LONGEST),
        )

    def _batches(self) -> list[BatchFacts]:
        """The batches of the run that are settled, and then the others."""
        return self._recorder.batches + [
            BatchFacts(**facts_of(each, self._recorder.run_id), state=str(each.state))
            for each in self._journal.batches(*_UNSETTLED)
        ]

    def _jobs(self, batches: list[BatchFacts]) -> list[JobFacts]:
        of_job = {each.job: each for each in batches if each.job}
        return [_job(each, of_job.get(each.info.id)) for each in self._recorder.jobs]

    def _error(self, group: FailureGroup) -> ErrorFacts:
        hint = self._table.kind(group.code, group.message).hint
        return ErrorFacts(
            stream=stream_name(group.stream),
            code=group.code,
            failure_class=str(group.failure_class),
            rows=group.rows,
            message=plain_text(group.message, _LONGEST),
            hint=hint or remedy_for(group.code, group.message),
            keys=[plain_text(each) for each in group.keys],
        )


def _verdict(error: BaseException | None) -> Verdict:
    if error is None:
        return "succeeded"
    if isinstance(error, LoadError):
        return "attention"
    return "interrupted" if isinstance(error, (Terminated, KeyboardInterrupt)) else "stopped"


def _problem(error: BaseException | None) -> str:
    if error is None:
        return ""
    if isinstance(error, Terminated):
        return f"Stopped by {Signals(error.signum).name}. {error.remark}"
    return plain_text(str(error) or type(error).__name__, 10 * _LONGEST)


def _job(times: JobTimes, batch: BatchFacts | None) -> JobFacts:
    info = times.info
    return JobFacts(
        id=info.id,
        object=plain_text(info.object),
        operation=str(info.operation),
        state=str(info.state),
        batch=None if batch is None else batch.id,
        stream="" if batch is None else batch.stream,
        created_at=maybe_time(times.created),
        upload_started_at=maybe_time(times.upload_started),
        uploaded_at=maybe_time(times.uploaded),
        closed_at=maybe_time(times.closed),
        polls=times.polls,
        polled_at=maybe_time(times.polled),
        finished_at=maybe_time(times.finished),
        modified_at=_modified_at(info),
        results_started_at=maybe_time(times.results_started),
        results_fetched_at=maybe_time(times.results_fetched),
        total_ms=info.total_processing_ms,
        active_ms=info.api_active_processing_ms,
        apex_ms=info.apex_processing_ms,
        processed=info.records_processed or 0,
        failed=info.records_failed or 0,
        error=plain_text(info.error_message, _LONGEST),
    )


def _modified_at(info: JobInfo) -> datetime | None:
    try:
        return read_time(info.modified_date)
    except ResponseError:
        return None


def _api(traffic: Traffic, usage: ApiUsage | None) -> ApiFacts:
    return ApiFacts(
        calls=traffic.requests,
        retries=traffic.retries,
        wait_seconds=round(traffic.wait_seconds, 3),
        refreshes=traffic.refreshes,
        refreshed=traffic.refreshed,
        used=None if usage is None else usage.used,
        allowed=None if usage is None else usage.allowed,
    )
