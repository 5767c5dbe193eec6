"""How answers show a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.emulator.http import job_answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.job import Job

BRIEF = {
    "id": "7505g0000000001AAA",
    "operation": "insert",
    "object": "Account",
    "createdById": "005000000000001AAA",
    "createdDate": "then",
    "systemModstamp": "now",
    "state": "Open",
    "concurrencyMode": "Parallel",
    "contentType": "CSV",
    "apiVersion": 67.0,
}
URL = {"contentUrl": "services/data/v67.0/jobs/ingest/7505g0000000001AAA/batches"}
FORMAT = {"lineEnding": "LF", "columnDelimiter": "COMMA"}
TIMES = {
    "retries": 0,
    "totalProcessingTime": 7,
    "apiActiveProcessingTime": 7,
    "apexProcessingTime": 0,
}


@pytest.fixture
def job(new_job: Callable[..., Job]) -> Callable[..., Job]:
    """A job whose times are known."""

    def make(**facts: Any) -> Job:
        return new_job(created="then", modified="now", milliseconds=7, **facts)

    return make


def test_a_created_job(job: Callable[..., Job]) -> None:
    """It says where its data goes, and in which format."""
    assert job_answers.created(job()) == BRIEF | URL | FORMAT


def test_optional_members(job: Callable[..., Job]) -> None:
    """The key of an upsert, and an assignment rule."""
    found = job_answers.brief(job(external_id="Key__c", assignment_rule="01Q"))

    assert found == BRIEF | {"externalIdFieldName": "Key__c", "assignmentRuleId": "01Q"}


@pytest.mark.parametrize(("state", "url"), [("Open", URL), ("JobComplete", {})])
def test_a_listed_job(job: Callable[..., Job], state: str, url: dict[str, str]) -> None:
    """It has no counters, and takes data only while it is open."""
    found = job_answers.listed(job(state=state))

    assert found == BRIEF | {"state": state, "jobType": "V2Ingest"} | url | FORMAT


def test_a_job_before_its_upload(job: Callable[..., Job]) -> None:
    """It has no counters yet."""
    assert job_answers.full(job()) == BRIEF | {"jobType": "V2Ingest"} | URL | FORMAT | TIMES


def test_a_failed_job(job: Callable[..., Job]) -> None:
    """It has counters and its error."""
    failed = job(state="Failed", uploads=1, processed=5, failed=2, error="boom")

    assert job_answers.full(failed) == BRIEF | FORMAT | TIMES | {
        "state": "Failed",
        "jobType": "V2Ingest",
        "numberRecordsProcessed": 5,
        "numberRecordsFailed": 2,
        "errorMessage": "boom",
    }
