"""What is noted of jobs by watching the requests for them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from org_in_memory import OrgInMemory, lost

from target_salesforce_bulk.errors import AnswerLostError
from target_salesforce_bulk.reporting.report import job_times
from target_salesforce_bulk.reporting.report.job_times import (
    JobNotes,
    JobTimes,
    WallClock,
    WatchedIngest,
    as_time,
    maybe_time,
)
from target_salesforce_bulk.salesforce.job import JobInfo, JobState, Operation, ResultKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: The steps of a job that are times.
STEPS = (
    "created",
    "upload_started",
    "uploaded",
    "closed",
    "polled",
    "finished",
    "results_started",
    "results_fetched",
)


@pytest.fixture
def notes() -> JobNotes:
    """Notes whose clock goes on by one second each time it is asked."""
    return JobNotes(map(float, count(1)).__next__)


@pytest.fixture
def api(notes: JobNotes) -> Any:
    return WatchedIngest(OrgInMemory(), notes)  # type: ignore[arg-type]


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text('"LastName"\n"Ada"\n')
    return path


def steps(notes: JobNotes) -> dict[str, float]:
    """The times of the only job."""
    (job,) = notes
    found = {name: getattr(job, name) for name in STEPS}
    return {name: value for name, value in found.items() if value is not None}


def info(state: JobState, job_id: str = "750000000000009AAA") -> JobInfo:
    return JobInfo(id=job_id, object="Contact", operation=Operation.INSERT, state=state)


def test_a_job_from_its_creation_to_its_results(
    api: Any, notes: JobNotes, upload: Path, tmp_path: Path
) -> None:
    """Each step has its time; of the downloads, the first start and the last end."""
    job_id = api.create("Contact", Operation.INSERT).id
    api.upload(job_id, upload)
    api.close(job_id)
    notes.polled(info(JobState.IN_PROGRESS, job_id))
    api.get(job_id)
    for kind in (ResultKind.FAILED, ResultKind.UNPROCESSED):
        api.download(job_id, kind, tmp_path / kind)

    assert steps(notes) == dict(zip(STEPS, [1, 2, 3, 4, 5, 6, 7, 9], strict=True)) | {
        "results_fetched": 9.0
    }


def test_the_newest_facts_are_kept(api: Any, notes: JobNotes, upload: Path) -> None:
    """The state and the counts as Salesforce told them last, and the number of polls."""
    job_id = api.create("Contact", Operation.INSERT).id
    api.upload(job_id, upload)
    api.close(job_id)
    told = api.get(job_id)
    (job,) = notes

    assert (job.info, job.polls) == (told, 1)
    assert job.info.state is JobState.JOB_COMPLETE


def test_a_close_whose_response_is_lost(notes: JobNotes, upload: Path) -> None:
    """The poll that finds the job closed gives the time."""
    org = OrgInMemory()
    org.after["close"] = [lost("close")]
    api = WatchedIngest(org, notes)  # type: ignore[arg-type]
    job_id = api.create("Contact", Operation.INSERT).id
    api.upload(job_id, upload)
    with pytest.raises(AnswerLostError):
        api.close(job_id)
    api.get(job_id)

    assert steps(notes) == {
        "created": 1, "upload_started": 2, "uploaded": 3, "closed": 4, "finished": 4
    }  # fmt: skip


def test_a_job_that_is_given_up(api: Any, notes: JobNotes) -> None:
    """It was never closed, so it has no end."""
    job_id = api.create("Contact", Operation.INSERT).id
    api.abort(job_id)
    api.get(job_id)
    (job,) = notes

    assert steps(notes) == {"created": 1}
    assert job.info.state is JobState.ABORTED


def test_a_job_that_somebody_aborts(notes: JobNotes) -> None:
    """It was closed, so that is its end."""
    notes.created(info(JobState.OPEN))
    notes.closed(info(JobState.UPLOAD_COMPLETE))
    notes.polled(info(JobState.ABORTED))

    assert steps(notes) == {"created": 1, "closed": 2, "finished": 3}


def test_a_job_of_an_earlier_run(notes: JobNotes) -> None:
    """It is noted from its first poll on."""
    notes.polled(info(JobState.IN_PROGRESS))
    notes.polled(info(JobState.JOB_COMPLETE))

    assert steps(notes) == {"polled": 1, "finished": 2}


def test_memory_is_bounded(notes: JobNotes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs beyond a number are counted, and their steps are noted by nobody."""
    monkeypatch.setattr(job_times, "MOST", 1)
    notes.created(info(JobState.OPEN, "750000000000001AAA"))
    for number in (2, 3):
        later = info(JobState.OPEN, f"75000000000000{number}AAA")
        notes.created(later)
        notes.uploaded(later.id)
        notes.polled(later)

    assert [each.info.id for each in notes] == ["750000000000001AAA"]
    assert (notes.left_out, steps(notes)) == (2, {"created": 1})


@pytest.mark.parametrize("seconds", [None, 1.23456])
def test_times(seconds: float | None) -> None:
    """Seconds become times in UTC, to the millisecond; unknown ones stay so."""
    expected = None if seconds is None else datetime(1970, 1, 1, 0, 0, 1, 235_000, UTC)

    assert maybe_time(seconds) == expected


def test_the_wall_clock_tells_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts with the time of day, and goes on by a clock that never goes back."""
    monkeypatch.setattr(job_times.time, "time", lambda: 1000.0)
    ticks: Callable[[], float] = iter([5.0, 7.5]).__next__
    monkeypatch.setattr(job_times.time, "monotonic", ticks)

    assert as_time(WallClock()()) == datetime(1970, 1, 1, 0, 16, 42, 500_000, UTC)


def test_notes_are_small() -> None:
    """They have no dictionary of their own."""
    assert not hasattr(JobTimes(info=info(JobState.OPEN)), "__dict__")
