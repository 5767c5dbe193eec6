"""What is old and done leaves the journal; what a later run needs stays, whatever its age."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import failed_row, make_plan

from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.lifecycle import BatchState, Event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LATER = "2999-01-01T00:00:00.000+00:00"
EARLIER = "2001-01-01T00:00:00.000+00:00"
JOB = "750000000000001AAA"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal(tmp_path) as journal:
        journal.start_run("r1")
        yield journal


def numbers(journal: SqliteJournal) -> dict[str, int]:
    """How many rows some tables have."""
    path = journal.state_dir / "journal.sqlite3"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        tables = ("runs", "batches", "failed_rows", "foreign_jobs")
        return {each: db.execute(f"SELECT count(*) FROM {each}").fetchone()[0] for each in tables}


def abandoned(journal: SqliteJournal) -> int:
    return journal.record(journal.open_batch(make_plan()).id, Event.ABANDONED).id


def store_failed(journal: SqliteJournal) -> None:
    journal.adopt(make_plan(), JOB, [failed_row("K-1")])


def test_old_batches_and_their_runs_go(journal: SqliteJournal) -> None:
    """The newest run stays: whether it was killed is what the next one starts from."""
    abandoned(journal)
    journal.start_run("r2")
    abandoned(journal)

    journal.delete_old(EARLIER)
    assert (numbers(journal)["runs"], numbers(journal)["batches"]) == (2, 2)
    journal.delete_old(LATER)
    assert (numbers(journal)["runs"], numbers(journal)["batches"]) == (1, 0)


def test_a_batch_that_is_not_done_stays(journal: SqliteJournal) -> None:
    """Its rows still lack an outcome."""
    batch = journal.seal(journal.open_batch(make_plan()).id, rows=1, size=1, merged=0)
    journal.delete_old(LATER)

    assert journal.batches(BatchState.SEALED) == [batch]


def test_failed_rows_keep_their_batch(journal: SqliteJournal) -> None:
    """They can be sent again however long they wait; afterwards all of it goes."""
    store_failed(journal)
    journal.start_run("r2")
    journal.delete_old(LATER)
    (row,) = journal.failures.select(Selection())

    assert (row.key, journal.plan_of(row), journal.knows_job(JOB)) == ("K-1", make_plan(), True)
    journal.failures.discard(Selection())
    journal.delete_old(LATER)
    assert numbers(journal) == {"runs": 1, "batches": 0, "failed_rows": 0, "foreign_jobs": 1}


def test_children_go_with_their_parents(journal: SqliteJournal) -> None:
    """All of a family of batches, which refer to each other."""
    ids = [abandoned(journal) for _ in range(3)]
    with journal._db.transaction() as db:
        for parent, child in pairwise(ids):
            db.execute(
                "UPDATE batches SET parent_id = ?, origin_id = ? WHERE id = ?",
                (parent, ids[0], child),
            )
    journal.delete_old(LATER)

    assert numbers(journal)["batches"] == 0
    assert journal.open_batch(make_plan()).id == ids[-1] + 1


def test_jobs_of_other_machines(journal: SqliteJournal) -> None:
    """Salesforce deletes their results after a week, so an old one cannot be fetched any more."""
    journal.failures.remember_foreign_job(JOB, '{"time": "2020-01-01T00:00:00+00:00"}')
    journal.failures.remember_foreign_job("750000000000002AAA", '{"time": "2999-02-01T00:00:00"}')
    journal.delete_old(LATER)

    assert journal.failures.foreign_jobs() == ['{"time": "2999-02-01T00:00:00"}']


def test_many_batches(journal: SqliteJournal) -> None:
    """More than fit into one transaction."""
    with journal._db.transaction() as db:
        values: list[tuple[Any, ...]] = [("r1", make_plan().to_json(), EARLIER)] * 2500
        db.executemany(
            "INSERT INTO batches (run_id, plan, state, changed_at) VALUES (?, ?, 'released', ?)",
            values,
        )
    journal.delete_old(LATER)

    assert numbers(journal)["batches"] == 0


def test_rows_that_may_come_again_keep_their_batch(journal: SqliteJournal) -> None:
    """Without it, rows that the tap sends again would be loaded twice."""
    batch_id = abandoned(journal)
    with journal._db.transaction() as db:
        db.execute("INSERT INTO dealt_batches VALUES (?, 's', 'insert', '[]', 1, 0)", (batch_id,))
    journal.delete_old(LATER)

    assert numbers(journal)["batches"] == 1
