"""The failed rows: kept, chosen, counted, forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from known_outcomes import DELETES, INSERTS, WRITES, Decided, sealed
from sample_batches import failed_row

from target_salesforce_bulk.journal.failed_rows import (
    FailedRow,
    FailureClass,
    Origin,
    RowError,
)
from target_salesforce_bulk.journal.failure_store import FailureGroup, Selection
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.lifecycle import Event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan

LOCKED = {
    "error": RowError(code="UNABLE_TO_LOCK_ROW", message="busy"),
    "failure_class": FailureClass.TRANSIENT,
}
OTHERS = replace(WRITES, stream="others")
#: Ids of jobs, of which 15 characters count.
JOB, OTHER, THIRD = "7505g00000AAAA1AAA", "7505g00000AAAA2AAA", "7505g00000AAAA3AAA"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal(tmp_path / "state") as journal:
        journal.start_run("r1")
        yield journal


def sent(journal: SqliteJournal, job_id: str, plan: LoadPlan = WRITES) -> Batch:
    """A batch whose job has ended."""
    batch = sealed(journal, plan)
    journal.record(batch.id, Event.CREATED, job_id=job_id)
    journal.record(batch.id, Event.SUBMITTED)
    return journal.record(batch.id, Event.ENDED)


def store(
    journal: SqliteJournal, *rows: FailedRow, job_id: str = JOB, plan: LoadPlan = WRITES
) -> Batch:
    """Settle a batch with rows that failed."""
    batch = sent(journal, job_id, plan)
    journal.settle(batch, Decided(*rows))
    return batch


def row(key: str | None, **changes: Any) -> FailedRow:
    return failed_row(str(key), **{"key": key, "same_key": key} | changes)


def keys(journal: SqliteJournal, **chosen: Any) -> list[str | None]:
    """The keys of the rows of a selection."""
    return [each.key for each in journal.failures.select(Selection(**chosen))]


@pytest.fixture
def mixed(journal: SqliteJournal) -> SqliteJournal:
    """Rows that differ in all that a selection can ask for."""
    store(journal, row("a"), row("b", **LOCKED))
    store(journal, row("c"), job_id=OTHER, plan=OTHERS)
    journal.start_run("r2")
    store(journal, row("1", **LOCKED), job_id=THIRD)
    return journal


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({}, ["a", "b", "c", "1"]),
        ({"stream": "others"}, ["c"]),
        ({"code": "UNABLE_TO_LOCK_ROW"}, ["b", "1"]),
        ({"failure_class": "permanent"}, ["a", "c"]),
        ({"since": "2000-01-01"}, ["a", "b", "c", "1"]),
        ({"since": "9999-01-01"}, []),
        ({"job_id": JOB}, ["a", "b"]),
        ({"job_id": JOB[:15]}, ["a", "b"]),
        ({"run_id": "r2"}, ["1"]),
        ({"name": "b"}, ["b"]),
        ({"name": "3"}, ["c"]),  # a number
        ({"name": "1"}, ["a", "1"]),  # a number and a key
        ({"code": "UNABLE_TO_LOCK_ROW", "run_id": "r1"}, ["b"]),
        ({"stream": "x' OR '1"}, []),
    ],
)
def test_what_is_said_of_a_selection_must_all_be_true(
    mixed: SqliteJournal, chosen: dict[str, Any], found: list[str]
) -> None:
    """What is not said does not matter; rows come in the order in which they were stored."""
    assert keys(mixed, **chosen) == found


def test_a_row_is_kept_whole(journal: SqliteJournal) -> None:
    """Whose it is, why and how often it failed; a row that was not sent has no job."""
    local = row("b", origin=Origin.LOCAL)
    batch = store(journal, row("a", **LOCKED), local)

    found = list(journal.failures.select(Selection()))

    assert [
        (each.run_id, each.batch_id, each.stream, each.sobject, each.operation, each.key_field)
        for each in found
    ] == [("r1", batch.id, "people", "Contact", "upsert", "Key__c")] * 2
    assert [
        (each.key, each.row, each.code, each.fields, each.failure_class, each.job_id, each.attempt)
        for each in found
    ] == [
        ("a", {"Key__c": "a", "LastName": "Name a"}, "UNABLE_TO_LOCK_ROW", (), "transient", JOB, 1),
        (
            "b",
            {"Key__c": "b", "LastName": "Name b"},
            "DUPLICATE_VALUE",
            ("Key__c",),
            "permanent",
            None,
            0,
        ),
    ]


def test_rows_that_are_sent_again_can_be_left_out(journal: SqliteJournal) -> None:
    """They stay stored until that batch is settled, and are known as being resent."""
    store(journal, row("a"), row("b"), row("c"))
    resending = journal.retry(journal.open_batch(WRITES), [1, 3], rows=2, size=9)

    assert keys(journal, waiting_only=True) == ["b"]
    assert keys(journal) == ["a", "b", "c"]
    assert list(journal.failures.being_resent(resending.id)) == [1, 3]


def test_the_older_row_of_a_record_comes_first(journal: SqliteJournal) -> None:
    """In the order of the input, whatever was stored first."""
    older, newer = sent(journal, JOB), sent(journal, OTHER)
    journal.settle(newer, Decided(row("new")))
    journal.settle(older, Decided(row("old")))
    in_order = [each.key for each in journal.failures.select_in_order(Selection())]

    assert (keys(journal), in_order) == (["new", "old"], ["old", "new"])


def test_rows_that_are_stored_meanwhile_do_not_prolong_a_selection(journal: SqliteJournal) -> None:
    """Else resending rows that fail again would have no end."""
    store(journal, row("a"))
    found = journal.failures.select_in_order(Selection())
    first = next(found)
    store(journal, row("b"), job_id=OTHER)

    assert [first.key, *(each.key for each in found)] == ["a"]


def test_more_rows_than_one_portion(journal: SqliteJournal) -> None:
    """Each comes once, in either order."""
    names = [f"{n:04}" for n in range(2500)]
    store(journal, *map(row, names))

    assert keys(journal) == names
    assert [each.key for each in journal.failures.select_in_order(Selection())] == names


def test_only_what_is_chosen_is_forgotten(mixed: SqliteJournal) -> None:
    """The number of rows is told, and counts follow."""
    assert mixed.failures.discard(Selection(code="UNABLE_TO_LOCK_ROW")) == 2
    assert keys(mixed) == ["a", "c"]
    assert [each["failed"] for each in mixed.failures.jobs()] == [{"DUPLICATE_VALUE": 1}] * 2


def test_groups(mixed: SqliteJournal) -> None:
    """By stream and code, the most frequent first, with the first message and a few keys."""
    store(mixed, *(row(f"k{n}", **LOCKED) for n in range(7)), job_id="7505g00000AAAA4AAA")

    assert mixed.failures.groups(Selection(stream="people")) == [
        FailureGroup(
            stream="people",
            code="UNABLE_TO_LOCK_ROW",
            failure_class=FailureClass.TRANSIENT,
            rows=9,
            message="busy",
            keys=("b", "1", "k0", "k1", "k2"),
        ),
        FailureGroup(
            stream="people",
            code="DUPLICATE_VALUE",
            failure_class=FailureClass.PERMANENT,
            rows=1,
            message="duplicate value",
            keys=("a",),
        ),
    ]


def test_runs_streams_and_columns(mixed: SqliteJournal) -> None:
    """What the files of a run are made of."""
    failures = mixed.failures

    assert sorted(failures.origins(Selection())) == [
        ("r1", "others"),
        ("r1", "people"),
        ("r2", "people"),
    ]
    assert failures.origins(Selection(name="c")) == [("r1", "others")]
    assert (failures.streams("r1"), failures.streams("r2")) == (["others", "people"], ["people"])
    assert failures.headers("r1", "others") == ["Key__c", "Phone", "Title"]
    assert failures.headers("r2", "others") == []


def test_columns_of_several_schemas(journal: SqliteJournal) -> None:
    """Each once, in the order in which they came."""
    store(journal, row("a"), plan=DELETES)
    store(journal, row("b"), job_id=OTHER)

    assert journal.failures.headers("r1", "people") == ["Key__c", "Phone", "Title"]


def test_jobs_with_failed_rows(journal: SqliteJournal) -> None:
    """Counts by code for each job; rows that were never sent have none."""
    store(journal, row("a"), row("b", **LOCKED), row("c", **LOCKED))
    store(journal, row("d", origin=Origin.LOCAL), job_id=OTHER, plan=INSERTS)

    found = [{**each, "time": bool(each["time"])} for each in journal.failures.jobs()]

    facts = {"stream": "people", "object": "Contact", "time": True}
    assert sorted(found, key=lambda each: each["operation"]) == [
        facts | {"job_id": None, "operation": "insert", "failed": {"DUPLICATE_VALUE": 1}},
        facts
        | {
            "job_id": JOB,
            "operation": "upsert",
            "failed": {"DUPLICATE_VALUE": 1, "UNABLE_TO_LOCK_ROW": 2},
        },
    ]


def test_whether_a_record_has_a_failed_row(journal: SqliteJournal) -> None:
    """By the key field and the form in which keys compare, in the stream of a plan."""
    store(journal, row("A", same_key="a"))
    failures = journal.failures

    assert failures.has_row_of(WRITES, "a")
    assert not failures.has_row_of(WRITES, "A")
    assert not failures.has_row_of(OTHERS, "a")
    assert failures.has_rows_of("Contact", "Key__c")
    assert not failures.has_rows_of("Contact", "Other__c")
    assert not failures.has_rows_of("Account", "Key__c")


def test_rows_without_key_that_come_again(journal: SqliteJournal) -> None:
    """Equal rows of earlier runs; equal rows of an insert are two records."""
    store(journal, row(None), row("None"))
    store(journal, row(None), job_id=OTHER, plan=INSERTS)
    failures = journal.failures

    assert failures.without_key("people", "r2", row(None)) == [1]
    assert failures.without_key("people", "r1", row(None)) == []
    assert failures.without_key("others", "r2", row(None)) == []
    assert failures.without_key("people", "r2", row(None, row={"Key__c": ""})) == []


def test_jobs_of_other_machines(journal: SqliteJournal) -> None:
    """One of our own is none, with 15 characters or 18; one that is dealt with does not return."""
    failures = journal.failures
    store(journal, row("a"))

    for job_id, entry in (
        (JOB[:15], "ours"),
        (JOB, "ours"),
        (OTHER, "theirs"),
        (OTHER, "theirs, as told last"),
        (THIRD, "dealt with soon"),
        (THIRD, ""),
        (THIRD, "told again"),
    ):
        failures.remember_foreign_job(job_id, entry)

    assert failures.foreign_jobs() == ["theirs, as told last"]
