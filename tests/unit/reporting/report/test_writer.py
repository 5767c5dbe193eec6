"""The report that is written when a run ends."""

from __future__ import annotations

import logging
import signal
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import failed_row, make_plan
from sample_reports import ORG

from target_salesforce_bulk.errors import LoadError, StateDirectoryError, Terminated
from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.lifecycle import Event
from target_salesforce_bulk.loading.events import BatchSettled, StreamStopped
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.loading.tally import Tally
from target_salesforce_bulk.reporting.report import writer as module
from target_salesforce_bulk.reporting.report.files import find_report, read_report
from target_salesforce_bulk.reporting.report.job_times import as_time
from target_salesforce_bulk.reporting.report.recorder import RunRecorder
from target_salesforce_bulk.reporting.report.schema import (
    ApiFacts,
    BatchFacts,
    ErrorFacts,
    JobFacts,
    ReadingFacts,
    Report,
    Rows,
    StreamFacts,
)
from target_salesforce_bulk.reporting.report.writer import ReportWriter, RunFacts
from target_salesforce_bulk.salesforce.job import JobInfo, JobState, Operation
from target_salesforce_bulk.salesforce.limits import ApiUsage
from target_salesforce_bulk.salesforce.meter import Traffic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = "20261124T033524Z-9b70"
JOB = "750000000000001AAA"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal(tmp_path) as journal:
        journal.start_run(RUN)
        yield journal


@pytest.fixture
def recorder() -> RunRecorder:
    """A recorder whose clock goes on by a second each time it is asked."""
    return RunRecorder(RUN, clock=map(float, count(1)).__next__, cpu_clock=lambda: 0.0)


@pytest.fixture
def tally() -> Tally:
    return Tally(clock=lambda: 0.0)


@pytest.fixture
def writer(journal: SqliteJournal, recorder: RunRecorder, tally: Tally) -> ReportWriter:
    return ReportWriter(
        facts=RunFacts(org=ORG, instance_url="https://acme.invalid", settings={"canary_rows": 5}),
        recorder=recorder,
        journal=journal,
        tally=tally,
        table=ErrorTable(),
    )


def written(journal: SqliteJournal) -> Report:
    return read_report(find_report(journal.state_dir, "latest"))


def info(job_id: str = JOB, **changes: Any) -> JobInfo:
    facts: dict[str, Any] = {"state": JobState.JOB_COMPLETE, "operation": Operation.UPSERT}
    return JobInfo(id=job_id, object="Contact", **facts | changes)


def test_a_whole_run(
    journal: SqliteJournal, recorder: RunRecorder, tally: Tally, writer: ReportWriter
) -> None:
    """Streams, batches, jobs, errors with their hints, and what it cost."""
    batch = journal.seal(journal.open_batch(make_plan()).id, rows=3, size=60, merged=1)
    batch = journal.record(batch.id, Event.CREATED, job_id=JOB, jobs_made=1)
    recorder.jobs.created(info(state=JobState.OPEN))
    recorder.jobs.closed(info(state=JobState.UPLOAD_COMPLETE))
    recorder.jobs.polled(
        info(
            records_processed=3, records_failed=1, total_processing_ms=9,
            api_active_processing_ms=8, apex_processing_ms=7,
            modified_date="1970-01-01T00:00:03.000+0000",
        )
    )  # fmt: skip
    tally.stream_started("people", "Contact").read = 4
    event = BatchSettled(batch=batch, counts=Counts(loaded=2, failed=1), jobs=1, api_calls=8)
    tally.observe(event)
    recorder.observe(event)
    journal.record(batch.id, Event.ABORTED)
    journal.abandon(batch.id)
    journal.adopt(make_plan(), JOB, [failed_row("K-1")])
    recorder.input_ended()
    traffic = Traffic(requests=9, retries=2, wait_seconds=1.5, refreshes=1, refreshed=1)
    writer.write(None, traffic, ApiUsage(used=5, allowed=100))
    (error,) = written(journal).errors

    assert written(journal) == Report(
        version=1,
        run=RUN,
        program=written(journal).program,
        org=ORG,
        instance_url="https://acme.invalid",
        started_at=as_time(1.0),
        ended_at=as_time(7.0),
        verdict="succeeded",
        settings={"canary_rows": 5},
        reading=ReadingFacts(seconds=5.0, complete=True),
        streams=[
            StreamFacts(
                stream="people", object="Contact", read=4, merged=1, jobs=1, api_calls=8,
                rows=Rows(loaded=2, failed=1),
            )
        ],
        batches=[
            BatchFacts(
                id=1, stream="people", object="Contact", operation="upsert", rows=3, bytes=60,
                merged=1, outcome=Rows(loaded=2, failed=1), job=JOB, jobs_made=1, api_calls=8,
                settled_at=as_time(5.0),
            )
        ],
        jobs=[
            JobFacts(
                id=JOB, object="Contact", operation="upsert", state="JobComplete", batch=1,
                stream="people", created_at=as_time(2.0), closed_at=as_time(3.0), polls=1,
                finished_at=as_time(4.0), modified_at=as_time(3.0), total_ms=9, active_ms=8,
                apex_ms=7, processed=3, failed=1,
            )
        ],
        errors=[
            ErrorFacts(
                stream="people", code=error.code, failure_class="permanent", rows=1,
                message=error.message, hint=error.hint, keys=["K-1"],
            )
        ],
        api=ApiFacts(
            calls=9, retries=2, wait_seconds=1.5, refreshes=1, refreshed=1, used=5, allowed=100
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("error", "verdict", "problem"),
    [
        (LoadError("2 rows failed."), "attention", "2 rows failed."),
        (StateDirectoryError("no room"), "stopped", "no room"),
        (ValueError(), "stopped", "ValueError"),
        (Terminated(signal.SIGTERM), "interrupted", "Stopped by SIGTERM. The next run continues."),
        (KeyboardInterrupt(), "interrupted", "KeyboardInterrupt"),
    ],
)
def test_how_a_run_ended(
    journal: SqliteJournal, writer: ReportWriter, error: BaseException, verdict: str, problem: str
) -> None:
    """The verdict, and what the last line on stderr says."""
    writer.write(error, Traffic(), None)
    report = written(journal)

    assert (report.verdict, report.problem, report.reading.complete) == (verdict, problem, False)
    assert report.api == ApiFacts()


def test_what_is_under_way(
    journal: SqliteJournal, recorder: RunRecorder, tally: Tally, writer: ReportWriter
) -> None:
    """A run that stops tells of batches without an outcome, and of their jobs."""
    batch = journal.seal(journal.open_batch(make_plan()).id, rows=3, size=60, merged=0)
    journal.record(batch.id, Event.CREATED, job_id=JOB, jobs_made=1)
    for job_id in (JOB, "750000000000002AAA"):
        recorder.jobs.created(info(job_id, state=JobState.OPEN))
    tally.stream_started("people", "Contact")
    tally.observe(StreamStopped(stream="people", error=LoadError("too many\nfailed")))
    writer.write(Terminated(signal.SIGTERM), Traffic(), None)
    report = written(journal)

    assert [(each.state, each.rows, each.settled_at) for each in report.batches] == [
        ("created", 3, None)
    ]
    assert [(each.id, each.batch, each.stream) for each in report.jobs] == [
        (JOB, 1, "people"),
        ("750000000000002AAA", None, ""),
    ]
    assert [each.stopped for each in report.streams] == ["too many\\nfailed"]


def test_a_time_that_cannot_be_read(
    journal: SqliteJournal, recorder: RunRecorder, writer: ReportWriter
) -> None:
    """It is left out; the rest of the report stays."""
    recorder.jobs.created(info(modified_date="yesterday"))
    writer.write(None, Traffic(), None)

    assert [each.modified_at for each in written(journal).jobs] == [None]


@pytest.mark.parametrize("problem", [StateDirectoryError("no room"), KeyError("bug")])
def test_a_report_that_fails_does_not_fail_the_load(
    journal: SqliteJournal,
    writer: ReportWriter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    problem: Exception,
) -> None:
    """A warning says why there is none."""

    def fail(*_: Any) -> None:
        raise problem

    monkeypatch.setattr(module, "write_report", fail)
    with caplog.at_level(logging.WARNING):
        writer.write(None, Traffic(), None)

    assert caplog.messages == [f"The report of this run could not be written: {problem}"]
    assert not (journal.state_dir / "reports").exists()
