"""What the tap of results reads of a journal is what is stored, and nothing is changed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from known_outcomes import INSERTS, WRITES, sealed
from sample_batches import org_folder
from stored_results import failed, load, loaded

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.journal import schema
from target_salesforce_bulk.journal.batch import BatchColumn
from target_salesforce_bulk.journal.failed_rows import FailedRow, RowError
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.readings import Plan, Readings
from target_salesforce_bulk.state_directory import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBERED = (BatchColumn(header="Key__c", type="double"),)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal(org_folder(tmp_path / "state")) as journal:
        journal.start_run("r1")
        yield journal


@pytest.mark.parametrize(
    ("plan", "key_field", "key_type"),
    [
        (WRITES, "Key__c", "string"),
        (INSERTS, None, None),
        (replace(WRITES, lookup=True).with_ids(), "Key__c", "string"),
        (
            replace(WRITES, columns=(BatchColumn(header="Key__c", type="double"),)),
            "Key__c",
            "double",
        ),
    ],
)
def test_a_plan(plan: Any, key_field: str | None, key_type: str | None) -> None:
    """The key that people know, also where records were looked up by it."""
    assert Plan.from_json(plan.to_json()) == Plan(
        stream="people",
        sobject="Contact",
        operation=plan.operation,
        key_field=key_field,
        key_type=key_type,
    )


def test_runs(journal: SqliteJournal) -> None:
    """Sums of their batches; a run that did not end has changed when the next one starts."""
    load(journal, failed("B-1"), loaded("A-1"))
    journal.note_api_usage(7, 100)
    journal.start_run("r2")
    with Readings(journal.state_dir) as readings:
        runs = [dict(row) for row in readings.runs("")]
        again = readings.runs(runs[1]["newest_at"])

    names = ("run", "jobs", "loaded", "failed", "api_used", "left_at", "next_at")
    second = runs[1]["started_at"]
    assert [tuple(each[name] for name in names) for each in runs] == [
        ("r1", 1, 1, 1, 7, None, second),
        ("r2", None, None, None, None, None, None),
    ]
    assert all(each["newest_at"] >= second for each in runs)
    assert "r2" in {row["run"] for row in again}


def test_jobs_since_a_time(journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of their changes, over portions; a batch that is being filled is none yet."""
    monkeypatch.setattr("target_salesforce_bulk.journal.readings._PORTION", 2)
    for key in ("A-1", "A-2", "A-3"):
        load(journal, loaded(key))
    journal.open_batch(WRITES)
    with journal._db.transaction() as db:
        db.execute("UPDATE batches SET changed_at = 10 - id")
    with Readings(journal.state_dir) as readings:
        found = [[row["id"] for row in readings.jobs(since)] for since in ("", "8", "9", "99")]

    assert found == [[3, 2, 1], [2, 1], [1], []]


def test_settled_batches(journal: SqliteJournal) -> None:
    """Those with an outcome, of the ones that are asked for."""
    first, waiting = load(journal, loaded("A-1")), sealed(journal)
    load(journal, loaded("A-2"))
    with Readings(journal.state_dir) as readings:
        found = [row["id"] for row in readings.settled([first.id, waiting.id, 99])]

    assert found == [first.id]


def test_failed_rows(journal: SqliteJournal) -> None:
    """A row with a key is named by it; only one without has its cells."""
    error = RowError(code="X", message="no", fields=("A", "B"))
    load(journal, failed("B-1"), FailedRow(row={"Phone": "1"}, error=error))
    with Readings(journal.state_dir) as readings:
        ids = readings.failed_row_ids(0)
        rows = [json.loads(facts) for _, _, facts in readings.failed_rows(1, 2)]

    assert ids == [(1, 1), (2, 1)]
    at = [row.pop("settled_at") for row in rows]
    assert at == sorted(at)
    common = {
        "run": "r1",
        "load_job": "r1/1",
        "job": "750-1",
        "stream": "people",
        "object": "Contact",
        "operation": "upsert",
        "key_field": "Key__c",
        "origin": "salesforce",
        "class": "permanent",
        "attempt": 1,
    }
    assert rows == [
        common
        | {
            "key": "B-1",
            "cells": None,
            "code": "INVALID_EMAIL_ADDRESS",
            "message": "Email: invalid email address: no",
            "fields": "Email",
        },
        common
        | {"key": None, "cells": '{"Phone": "1"}', "code": "X", "message": "no", "fields": "A,B"},
    ]


def test_an_earlier_journal(tmp_path: Path) -> None:
    """It is left as it is, for the next run to upgrade."""
    with SqliteJournal(tmp_path) as journal:
        folder = journal.state_dir
    with closing(sqlite3.connect(folder / JOURNAL)) as db:
        db.execute(f"PRAGMA user_version = {schema.VERSION - 1}")

    with pytest.raises(StateDirectoryError, match="earlier version"):
        Readings(folder)
