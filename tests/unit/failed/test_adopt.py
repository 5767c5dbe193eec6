"""The failed rows of a job that another machine ran become rows of this journal."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from sample_batches import CONTACT

from target_salesforce_bulk.errors import JobError
from target_salesforce_bulk.failed.adopt import Adopter
from target_salesforce_bulk.journal.batch import BatchColumn
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.salesforce.job import JobInfo, JobState, Operation, ResultKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_salesforce_bulk.journal.failed_rows import StoredFailedRow

JOB = JobInfo(
    id="7505g00000AAAA1AAA",
    object="contact",
    operation=Operation.UPSERT,
    state=JobState.JOB_COMPLETE,
    modified_date="2026-01-02T12:00:00.000+0000",
    external_id_field="key__c",
)
HEADER = ["sf__Id", "sf__Error", "Key__c", "LastName", "Account.Key__c"]
TAKEN = "DUPLICATE_VALUE:duplicate value found:Key__c --"
LOCKED = "UNABLE_TO_LOCK_ROW:busy:--"


class Org:
    """One job, the lines of its result files, and the records that a query finds."""

    def __init__(
        self,
        job: JobInfo = JOB,
        failed: list[list[str]] | None = None,
        unprocessed: list[list[str]] | None = None,
        records: list[dict[str, str]] | None = None,
    ) -> None:
        self._job = job
        self._files = {
            ResultKind.FAILED: [HEADER, *failed] if failed else [],
            ResultKind.UNPROCESSED: [HEADER[2:], *unprocessed] if unprocessed else [],
        }
        self._records = records or []
        self.asked: list[str] = []

    def get(self, job_id: str) -> JobInfo:
        assert job_id == self._job.id
        return self._job

    def download(self, _: str, kind: ResultKind, path: Path) -> None:
        with path.open("x", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(self._files[kind])

    def select(self, soql: str) -> Iterator[dict[str, str]]:
        self.asked.append(soql)
        return iter(self._records)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal(tmp_path / "state") as journal:
        journal.start_run("r1")
        yield journal


def adopt(journal: SqliteJournal, org: Org) -> tuple[int, int]:
    """Fetch the failed rows; how many there are, and how many were left out."""
    adopter = Adopter(journal, cast("Any", org), cast("Any", org), ErrorTable(()))
    return adopter.adopt(JOB.id, "people", CONTACT), adopter.newer


def stored(journal: SqliteJournal) -> list[StoredFailedRow]:
    return list(journal.failures.select(Selection()))


def test_failed_and_unprocessed_rows_are_stored(journal: SqliteJournal) -> None:
    """With their cells, their errors in our own classes, and the job that they are of."""
    org = Org(
        failed=[["", TAKEN, "K1", "Ada", "p1"], ["003a", LOCKED, "K2", "Bea", "#N/A"]],
        unprocessed=[["K3", "Cy", ""]],
    )

    assert adopt(journal, org) == (3, 0)
    assert [
        (each.key, each.same_key, each.code, each.failure_class, each.row)
        for each in stored(journal)
    ] == [
        (
            "K1",
            "k1",
            "DUPLICATE_VALUE",
            "permanent",
            {"Key__c": "K1", "LastName": "Ada", "Account.Key__c": "p1"},
        ),
        (
            "K2",
            "k2",
            "UNABLE_TO_LOCK_ROW",
            "transient",
            {"Key__c": "K2", "LastName": "Bea", "Account.Key__c": "#N/A"},
        ),
        (
            "K3",
            "k3",
            "UNPROCESSED",
            "transient",
            {"Key__c": "K3", "LastName": "Cy", "Account.Key__c": ""},
        ),
    ]
    assert {(each.job_id, each.stream, each.sobject) for each in stored(journal)} == {
        (JOB.id, "people", "Contact")
    }


def test_their_plan_loads_them_again(journal: SqliteJournal) -> None:
    """The same operation by the same key, spelled as the columns are; types are the object's."""
    adopt(journal, Org(failed=[["", TAKEN, "K1", "Ada", "p1"]]))
    (row,) = stored(journal)
    plan = journal.plan_of(row)

    assert (plan.sobject, plan.operation, plan.key) == ("Contact", "upsert", "Key__c")
    assert plan.columns == tuple(
        BatchColumn(header=header, type="string")
        for header in ("Key__c", "LastName", "Account.Key__c")
    )


def test_the_job_is_dealt_with(journal: SqliteJournal) -> None:
    """It is no longer listed as a job of another machine, and its batch leaves no files."""
    journal.failures.remember_foreign_job(JOB.id, "theirs")
    adopt(journal, Org(failed=[["", TAKEN, "K1", "Ada", "p1"]]))

    assert journal.failures.foreign_jobs() == []
    assert list(journal.batches_dir.iterdir()) == []
    assert list(journal.state_dir.glob("tmp*")) == []


def test_records_that_were_written_since_are_left_alone(journal: SqliteJournal) -> None:
    """A newer value is not overwritten; keys compare as Salesforce compares them."""
    rows = [["", TAKEN, key, "Old", ""] for key in ("K1", "K2", "K'3")]
    times = {"k1": "12:00:00.001", "k2": "12:00:00.000", "k'3": "11:00:00.000"}
    org = Org(
        failed=rows,
        records=[
            {"Key__c": key, "LastModifiedDate": f"2026-01-02T{time}+0000"}
            for key, time in times.items()
        ],
    )

    assert adopt(journal, org) == (2, 1)
    assert [each.key for each in stored(journal)] == ["K2", "K'3"]
    assert org.asked == [
        "SELECT Key__c, LastModifiedDate FROM Contact WHERE Key__c IN ('K1', 'K2', 'K\\'3')"
    ]


@pytest.mark.parametrize(
    "job",
    [
        replace(JOB, operation=Operation.INSERT, external_id_field=None),
        replace(JOB, modified_date=""),
    ],
)
def test_where_it_cannot_be_told_what_is_newer(journal: SqliteJournal, job: JobInfo) -> None:
    """All rows are taken, without a request: an insert identifies no record."""
    org = Org(job, failed=[["", TAKEN, "K1", "Ada", ""]])

    assert (adopt(journal, org), org.asked) == ((1, 0), [])


def test_rows_of_a_delete_are_named_by_their_ids(journal: SqliteJournal) -> None:
    """Of which 15 characters count; a record that is gone was not written since."""
    job = replace(JOB, operation=Operation.DELETE, external_id_field=None)
    org = Org(job)
    org._files[ResultKind.FAILED] = [
        ["sf__Id", "sf__Error", "Id"],
        ["", LOCKED, "0035g00000XyZaBAAV"],
    ]

    assert (adopt(journal, org), org.asked) == ((1, 0), [])
    assert [(each.key, each.same_key) for each in stored(journal)] == [
        ("0035g00000XyZaBAAV", "0035g00000XyZaB")
    ]


@pytest.mark.parametrize(
    "state", [JobState.OPEN, JobState.UPLOAD_COMPLETE, JobState.IN_PROGRESS], ids=str
)
def test_a_job_that_has_not_ended(journal: SqliteJournal, state: JobState) -> None:
    """Its rows may still be loaded, so nothing is stored."""
    with pytest.raises(JobError) as refused:
        adopt(journal, Org(replace(JOB, state=state), failed=[["", TAKEN, "K1", "Ada", ""]]))

    assert (refused.value.job_id, refused.value.permanent) == (JOB.id, False)
    assert str(refused.value) == f"Job {JOB.id} is {state}; retry its rows when it has ended."
    assert stored(journal) == []


def test_a_job_without_failed_rows(journal: SqliteJournal) -> None:
    """There is nothing to fetch."""
    assert (adopt(journal, Org()), stored(journal)) == ((0, 0), [])
