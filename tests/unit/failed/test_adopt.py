"""The failed rows of a job that another machine ran."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import CONTACT

from target_salesforce_bulk.errors import JobError
from target_salesforce_bulk.failed.adopt import Adopter
from target_salesforce_bulk.journal.failed_rows import FailureClass
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.salesforce.job import JobInfo, JobState, Operation, ResultKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOB = JobInfo(
    id="750000000000001AAA",
    object="contact",
    operation=Operation.UPSERT,
    state=JobState.JOB_COMPLETE,
    modified_date="2026-01-01T12:00:00.000+0000",
    external_id_field="Key__c",
)
LOCK = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access:--"
FAILED = [
    ["sf__Id", "sf__Error", "Key__c", "Email"],
    ["", LOCK, "Ada", "a@b.c"],
    ["", "DUPLICATE_VALUE:twice:Key__c --", "Bea", ""],
]
UNPROCESSED = [["Key__c", "Email"], ["Cea", "c@b.c"]]


class Org:
    """One job, and the records that were written since."""

    def __init__(self, job: JobInfo, written: dict[str, str]) -> None:
        self.job = job
        self.files = {ResultKind.FAILED: FAILED, ResultKind.UNPROCESSED: UNPROCESSED}
        self.written = written
        self.asked: list[str] = []

    def get(self, _: str) -> JobInfo:
        return self.job

    def download(self, _: str, kind: ResultKind, path: Path) -> None:
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(self.files[kind])

    def select(self, soql: str) -> Iterator[dict[str, Any]]:
        self.asked.append(soql)
        for key, time in self.written.items():
            yield {"Key__c": key, "LastModifiedDate": time}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal(tmp_path / "state") as journal:
        journal.start_run("r1")
        yield journal


def adopt(journal: SqliteJournal, org: Org) -> tuple[int, int, list[Any]]:
    """How many rows were adopted and left out, and what is stored."""
    api: Any = org
    adopter = Adopter(journal, api, api, ErrorTable())
    number = adopter.adopt(JOB.id, "people", CONTACT)
    return number, adopter.newer, list(journal.failures.select(Selection()))


def test_rows_are_stored_with_their_errors(journal: SqliteJournal) -> None:
    """Those that failed, and those that Salesforce did not come to; nothing is left in a file."""
    before = {path.name for path in journal.state_dir.iterdir()}
    number, newer, rows = adopt(journal, Org(JOB, {}))

    assert (number, newer) == (3, 0)
    assert {(row.stream, row.sobject, row.operation, row.job_id) for row in rows} == {
        ("people", "Contact", "upsert", JOB.id)
    }
    assert sorted((row.key, row.row, row.code, row.failure_class) for row in rows) == [
        (
            "Ada",
            {"Key__c": "Ada", "Email": "a@b.c"},
            "UNABLE_TO_LOCK_ROW",
            FailureClass.TRANSIENT,
        ),
        ("Bea", {"Key__c": "Bea", "Email": ""}, "DUPLICATE_VALUE", FailureClass.PERMANENT),
        ("Cea", {"Key__c": "Cea", "Email": "c@b.c"}, "UNPROCESSED", FailureClass.TRANSIENT),
    ]
    assert {path.name for path in journal.state_dir.iterdir()} == before


def test_a_record_that_was_written_since_keeps_its_newer_values(journal: SqliteJournal) -> None:
    """It is found whatever the case of its key; one written before or at the job's end is not."""
    written = {
        "ada": "2026-01-01T12:00:00.001+0000",
        "Bea": "2026-01-01T12:00:00.000+0000",
        "Cea": "2025-12-31T12:00:00.000+0000",
    }
    org = Org(JOB, written)
    number, newer, rows = adopt(journal, org)

    assert (number, newer, sorted(row.key for row in rows)) == (2, 1, ["Bea", "Cea"])
    assert org.asked == [
        "SELECT Key__c, LastModifiedDate FROM Contact WHERE Key__c IN ('Ada', 'Bea', 'Cea')"
    ]


@pytest.mark.parametrize(
    ("operation", "keys"),
    [(Operation.INSERT, {None}), (Operation.UPDATE, {None}), (Operation.DELETE, {None})],
)
def test_a_job_without_the_key_in_its_rows(
    journal: SqliteJournal, operation: Operation, keys: set[str | None]
) -> None:
    """An insert has no key, and the others have Id; without it, no record is looked up."""
    org = Org(replace(JOB, operation=operation, external_id_field=None), {})
    number, _, rows = adopt(journal, org)

    assert (number, {row.key for row in rows}, org.asked) == (3, keys, [])


def test_a_job_without_failed_rows(journal: SqliteJournal) -> None:
    """There is nothing to store, nor to look up."""
    org = Org(JOB, {})
    org.files = {ResultKind.FAILED: FAILED[:1], ResultKind.UNPROCESSED: []}

    assert adopt(journal, org) == (0, 0, [])
    assert org.asked == []


@pytest.mark.parametrize("state", [each for each in JobState if not each.is_terminal])
def test_a_job_that_has_not_ended(journal: SqliteJournal, state: JobState) -> None:
    """Its rows may still be loaded, so none is taken."""
    with pytest.raises(JobError) as raised:
        adopt(journal, Org(replace(JOB, state=state), {}))

    assert (str(raised.value), raised.value.job_id, raised.value.permanent) == (
        f"Job {JOB.id} is {state}; retry its rows when it has ended.",
        JOB.id,
        False,
    )
    assert list(journal.failures.select(Selection())) == []
