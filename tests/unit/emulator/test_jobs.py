"""The jobs of the org."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.emulator.org.job_request import JobRequest
from target_salesforce_bulk.emulator.org.jobs import Jobs
from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.emulator.org.behaviour import Behaviour
    from target_salesforce_bulk.emulator.org.records import Records


@pytest.fixture
def jobs(records: Records, behaviour: Behaviour) -> Iterator[Jobs]:
    found = Jobs(records, behaviour)
    yield found
    found.stop()


def request(operation: str = "insert", sobject: str = "Account") -> JobRequest:
    return JobRequest(
        api_version="67.0", sobject=sobject, operation=operation, external_id="Key__c"
    )


@pytest.mark.parametrize(("operation", "key"), [("insert", None), ("upsert", "Key__c")])
def test_a_new_job(jobs: Jobs, operation: str, key: str | None) -> None:
    """It is open; a key counts only for an upsert."""
    job = jobs.create(request(operation))

    assert (job.id, job.state, job.operation, job.external_id, job.schema.name) == (
        "7505g0000000001AAA",
        "Open",
        operation,
        key,
        "Account",
    )


def test_a_refused_job_takes_no_id(jobs: Jobs) -> None:
    """And leaves nothing behind."""
    with pytest.raises(RefusalError):
        jobs.create(request(sobject="Nope"))

    assert jobs.all() == []
    assert jobs.create(request()).id == "7505g0000000001AAA"


@pytest.mark.parametrize("length", [15, 18])
def test_a_job_is_found_by_its_id(jobs: Jobs, length: int) -> None:
    """Of 15 or 18 characters."""
    job = jobs.create(request())

    assert jobs.find(job.id[:length]) is job


def test_a_deleted_job_is_gone_with_its_files(jobs: Jobs) -> None:
    """Another job keeps its own."""
    job, other = jobs.create(request()), jobs.create(request())
    for each in (job, other):
        each.data.touch()
        each.result("failedResults").touch()
    job.abort()
    jobs.delete(job)
    with pytest.raises(RefusalError) as caught:
        jobs.find(job.id)

    assert (caught.value.code, jobs.all()) == ("NOT_FOUND", [other])
    assert set(other.folder.iterdir()) == {other.data, other.result("failedResults")}


def test_an_open_job_is_not_deleted(jobs: Jobs) -> None:
    """The deletion is refused."""
    job = jobs.create(request())
    with pytest.raises(RefusalError):
        jobs.delete(job)

    assert jobs.all() == [job]


def test_files_are_removed_at_the_end(records: Records, behaviour: Behaviour) -> None:
    """With their folder."""
    jobs = Jobs(records, behaviour)
    job = jobs.create(request())
    job.data.touch()
    jobs.stop()

    assert job.folder.exists() is False
