"""The states of an ingest job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.job import Job

STATES = ("Open", "UploadComplete", "InProgress", "JobComplete", "Failed", "Aborted")

CLOSED = "Closing already closed Job not allowed"

#: What each act makes of a job in each state: the next state, or the refusal.
ACTS = {
    "close": {
        "Open": "UploadComplete",
        "UploadComplete": CLOSED,
        "InProgress": CLOSED,
        "JobComplete": CLOSED,
        "Failed": CLOSED,
        "Aborted": "Closing already aborted Job not allowed",
    },
    "abort": {
        "Open": "Aborted",
        "UploadComplete": "Aborted",
        "InProgress": "InProgress",
        "JobComplete": "Aborting already Completed Job not allowed",
        "Failed": "Aborting already Failed Job not allowed",
        "Aborted": "Aborting already Aborted Job not allowed",
    },
    "check_upload": {
        "Open": "Open",
        "UploadComplete": "Upload to UploadComplete Job not allowed",
        "InProgress": "Upload to InProgress Job not allowed",
        "JobComplete": "Upload to JobComplete Job not allowed",
        "Failed": "Upload to Failed Job not allowed",
        "Aborted": "Upload to Aborted Job not allowed",
    },
    "check_delete": {
        "Open": "Deleting Open Job not allowed",
        "UploadComplete": "UploadComplete",
        "InProgress": "Deleting InProgress Job not allowed",
        "JobComplete": "JobComplete",
        "Failed": "Failed",
        "Aborted": "Aborted",
    },
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", STATES)
def test_every_pair_of_act_and_state(new_job: Callable[..., Job], act: str, state: str) -> None:
    """An act leads to the state above, or is refused and changes nothing."""
    job, expected = new_job(state=state), ACTS[act][state]
    if expected in STATES:
        getattr(job, act)()
        assert job.state == expected
    else:
        with pytest.raises(RefusalError) as caught:
            getattr(job, act)()
        assert (caught.value.code, caught.value.message) == ("INVALIDJOBSTATE", expected)
        assert job.state == state


def test_a_job_in_progress_is_aborted_later(new_job: Callable[..., Job]) -> None:
    """When its current chunk is done."""
    job = new_job(state="InProgress")
    job.abort()

    assert job.abort_requested is True


def test_a_second_upload_keeps_a_job_open(new_job: Callable[..., Job]) -> None:
    """It can no longer be closed."""
    job = new_job(uploads=2)
    with pytest.raises(RefusalError) as caught:
        job.close()

    assert (caught.value.code, job.state) == ("INVALIDJOB", "Open")


@pytest.mark.parametrize(
    ("state", "written", "name"),
    [
        ("JobComplete", True, "7505g0000000001AAA.failedResults.csv"),
        ("Failed", True, "7505g0000000001AAA.failedResults.csv"),
        ("Aborted", True, "7505g0000000001AAA.failedResults.csv"),
        ("Aborted", False, None),
    ],
)
def test_results_of_an_ended_job(
    new_job: Callable[..., Job], state: str, written: bool, name: str | None
) -> None:
    """One that was aborted before it was processed has none."""
    job = new_job(state=state)
    if written:
        job.result("failedResults").touch()
    found = job.finished_result("failedResults")

    assert (found and found.name) == name


def test_results_of_a_job_in_progress(new_job: Callable[..., Job]) -> None:
    """They are refused, also when the file is there already."""
    job = new_job(state="InProgress")
    job.result("failedResults").touch()
    with pytest.raises(RefusalError) as caught:
        job.finished_result("failedResults")

    assert caught.value.message == "Job is InProgress, results are not ready"
