"""What a row or a STATE costs does not grow with what the journal holds."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import make_plan

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.expected import Answer
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.recognised import Coverage
from target_salesforce_bulk.rows.csvfile import encode_row
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.singer.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

INSERTS = make_plan(operation=Operation.INSERT, key=None)
LAYOUT = tuple(column.header for column in INSERTS.columns)
LINE = encode_row(["a", "b"])
ENTRY = {"job_id": "750000000000009AAA", "failed": {"DUPLICATE_VALUE": 3}}


class NoneFailed:
    """An outcome in which every row is loaded."""

    def refused(self) -> Iterator[Any]:
        return iter(())

    def sent(self, *, loaded: bool) -> Iterator[Any]:
        return iter(())

    def children(self) -> list[Any]:
        return []

    def counts(self) -> Counts:
        return Counts(loaded=3)


class Statements:
    """The statements of all connections that are opened from now on."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[sqlite3.Connection, str]] = []
        connect = sqlite3.connect

        def opened(*values: Any, **options: Any) -> sqlite3.Connection:
            db = connect(*values, **options)
            db.set_trace_callback(lambda sql: self.seen.append((db, sql)))
            return db

        patch.setattr(sqlite3, "connect", opened)

    def during(self, work: Callable[[], Any]) -> list[str]:
        """How SQLite finds the rows of what it does meanwhile, in its own words."""
        self.seen.clear()
        work()
        seen, plans = list(self.seen), []
        for db, sql in seen:
            if sql.startswith(("SELECT", "WITH", "UPDATE", "DELETE", "INSERT")):
                plans += [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")]
        return plans


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    return Statements(monkeypatch)


def dealt_with(journal: SqliteJournal, *lines: bytes) -> int:
    """A batch of inserts that is loaded and that no STATE covers."""
    batch = journal.open_batch(INSERTS)
    batch.csv.write_bytes(encode_row(LAYOUT) + b"".join(lines))
    journal.settle(journal.seal(batch.id, rows=len(lines), size=9, merged=0), NoneFailed())
    return batch.id


@pytest.fixture
def journal(statements: Statements, tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal(tmp_path / "state") as journal:
        journal.start_run("r1")
        yield journal


def test_equal_rows_that_come_again_are_found_by_index(
    journal: SqliteJournal, statements: Statements
) -> None:
    """Nothing passes over or sorts the other rows, of which a million may be equal."""
    dealt_with(journal, LINE, LINE, LINE)
    recognised = journal.recognised
    recognised.begin()
    recognised.settle_decision(None)
    recognised.expects(INSERTS)
    answers: list[Answer] = []

    plans = statements.during(lambda: answers.extend(recognised.match("people", LAYOUT, [LINE])))

    assert answers == [Answer.AGAIN]
    assert {plan for plan in plans if plan.startswith("SEARCH")} == {
        "SEARCH e USING COVERING INDEX by_fingerprint (fingerprint=?)",
        "SEARCH expected USING COVERING INDEX by_fingerprint (fingerprint=?)",
        "SEARCH expected USING INTEGER PRIMARY KEY (rowid=?)",
    }
    assert not [plan for plan in plans if "SCAN expected" in plan or "TEMP B-TREE" in plan]


@pytest.mark.parametrize("number", [1, 5])
def test_what_is_covered_is_decided_in_one_pass(
    journal: SqliteJournal, statements: Statements, number: int
) -> None:
    """However many batches there are, and as the journal says: one row of each is covered."""
    batches = [dealt_with(journal, LINE, LINE) for _ in range(number)]
    journal.recognised.begin()
    journal.recognised.expects(INSERTS)
    covered = Coverage(batches=dict.fromkeys(batches, (1, 0)))
    journal.state_written(journal.intend_state(covered), covered, {}, numbered=True)

    plans = statements.during(lambda: journal.recognised.settle_decision(1))

    answers = journal.recognised.match("people", LAYOUT, [LINE] * 2 * number)
    assert answers == [Answer.AGAIN] * number + [Answer.NEW] * number
    assert plans.count("SCAN expected") == 2  # to say what is covered, and to drop it


def test_a_job_of_the_ledger_is_looked_for_by_index(
    journal: SqliteJournal, statements: Statements
) -> None:
    """Not among all batches that the journal knows."""
    plans = statements.during(
        lambda: journal.failures.remember_foreign_job("750000000000009AAA", "{}")
    )

    assert "SEARCH batches USING INDEX batches_by_job (<expr>=?)" in plans
    assert not [plan for plan in plans if plan.startswith("SCAN")]


def test_a_ledger_that_comes_again_costs_nothing(
    journal: SqliteJournal, statements: Statements
) -> None:
    """Taps send the same entries with every STATE."""
    ledger = Ledger(journal, enabled=True)
    state = {"bookmarks": {"target-salesforce-bulk": {"failed_jobs": [ENTRY]}}}
    ledger.take_out(state)

    assert statements.during(lambda: ledger.take_out(state)) == []
    assert [json.loads(each) for each in journal.failures.foreign_jobs()] == [ENTRY]


def test_a_state_looks_at_no_stored_row_and_no_batch_that_it_does_not_cover(
    journal: SqliteJournal, statements: Statements
) -> None:
    """What it says of failed rows is counted when they are stored."""
    covered = Coverage(batches={dealt_with(journal, LINE): None})
    ledger = Ledger(journal, enabled=True)

    def write() -> None:
        number = journal.intend_state(covered)
        ledger.put_in({"bookmarks": {}}, number)
        journal.state_written(number, covered, {}, numbered=True)

    plans = statements.during(write)

    assert {"SCAN failed_rows", "SCAN batches", "SCAN stored_failed_rows"}.isdisjoint(plans)
    assert "SCAN failed_counts" in plans
