"""The tap notes each change of an outcome once, with a number that grows."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import org_folder
from stored_results import failed, load, loaded, saved

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.readings import Readings
from target_salesforce_bulk.results import change_log
from target_salesforce_bulk.results.change_log import FILE, ChangeLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from pathlib import Path

ALL = Selection()
ADA = ("003A", "true", "A-1", "1", "Dr")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal(org_folder(tmp_path / "state")) as journal:
        journal.start_run("r1")
        yield journal


def noticed(folder: Path, since: int = 0) -> list[tuple[int, Any, Any]]:
    """Number, key or file, and whether it is resolved, of the changes from a number on."""
    with ChangeLog(folder) as log, Readings(folder) as readings:
        log.notice(readings)
        return [
            (each.number, each.path or each.facts["key"], each.resolved_at is not None)
            for each in log.since(since)
        ]


def test_each_change_has_a_number(journal: SqliteJournal) -> None:
    """Loaded rows of a batch share one; beside the run that holds the journal."""
    load(journal, failed("B-1"), loaded("A-1"), saved=saved(ADA))
    folder = journal.state_dir

    assert noticed(folder) == [(1, "results/r1/people-1.csv", False), (2, "B-1", False)]
    assert noticed(folder) == [(1, "results/r1/people-1.csv", False), (2, "B-1", False)]


def test_a_release_is_no_change(journal: SqliteJournal) -> None:
    """A STATE that covers a batch says nothing new of its rows."""
    load(journal, loaded("A-1"), saved=saved(ADA))
    before = noticed(journal.state_dir)
    journal.release_settled()

    assert noticed(journal.state_dir) == before


@pytest.mark.parametrize("how", ["loads", "discarded"])
def test_a_row_that_failed_no_more(journal: SqliteJournal, how: str) -> None:
    """It gets the next number, without what the journal has forgotten of it."""
    load(journal, failed("B-1"), failed("B-2"))
    folder = journal.state_dir
    assert noticed(folder) == [(1, "B-1", False), (2, "B-2", False)]
    if how == "loads":
        load(journal, loaded("B-1"))
    else:
        journal.failures.discard(Selection(name="B-1"))

    assert noticed(folder) == [(2, "B-2", False), (3, "B-1", True)]
    assert b"invalid email address" not in _texts(folder, 3)


def _texts(folder: Path, number: int) -> bytes:
    with closing(sqlite3.connect(folder / FILE)) as db:
        query = "SELECT facts FROM changes WHERE number = ?"
        return str(db.execute(query, (number,)).fetchone()).encode()


def test_a_number_of_the_journal_that_is_given_twice(journal: SqliteJournal) -> None:
    """SQLite gives the highest number again, to a row of another batch."""
    load(journal, failed("B-1"))
    folder = journal.state_dir
    noticed(folder)
    journal.failures.discard(ALL)
    load(journal, failed("B-2"))

    assert {(key, gone) for _, key, gone in noticed(folder)} == {("B-1", True), ("B-2", False)}


def test_more_rows_than_are_read_at_once(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Portions neither lose a row nor take one twice."""
    monkeypatch.setattr(change_log, "_PORTION", 3)
    monkeypatch.setattr("target_salesforce_bulk.journal.readings._PORTION", 4)
    load(journal, *(failed(f"B-{number}") for number in range(10)))
    folder = journal.state_dir
    assert [key for _, key, _ in noticed(folder)] == [f"B-{number}" for number in range(10)]
    for number in (0, 3, 4, 9):
        journal.failures.discard(Selection(name=f"B-{number}"))

    gone = [(11, "B-0", True), (12, "B-3", True), (13, "B-4", True), (14, "B-9", True)]
    assert noticed(folder, since=11) == gone


def test_what_a_killed_run_has_not_stored_yet(journal: SqliteJournal) -> None:
    """A settlement that is prepared does not count."""
    batch = load(journal, failed("B-1"))
    with journal._db.transaction() as db:
        db.execute("INSERT INTO settling VALUES (?)", (batch.id,))

    assert noticed(journal.state_dir) == []


def test_a_file_of_a_batch_without_outcome(journal: SqliteJournal) -> None:
    """A run may be killed between the two."""
    folder = journal.state_dir / "results" / "r1"
    folder.mkdir(parents=True)
    (folder / "people-7.csv").write_text("sf__Id,sf__Created,Key__c\n")

    assert noticed(journal.state_dir) == []


def test_a_file_that_is_gone(journal: SqliteJournal) -> None:
    """Its rows are no longer there to be sent."""
    load(journal, loaded("A-1"), saved=saved(ADA))
    noticed(journal.state_dir)
    (journal.state_dir / "results" / "r1" / "people-1.csv").unlink()

    assert noticed(journal.state_dir) == []


def test_resolved_rows_are_forgotten(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file does not grow for ever."""
    load(journal, failed("B-1"))
    noticed(journal.state_dir)
    journal.failures.discard(ALL)
    kept: timedelta = change_log._KEPT
    monkeypatch.setattr(change_log, "_KEPT", -kept)

    assert noticed(journal.state_dir) == []


def test_it_is_private(journal: SqliteJournal) -> None:
    """Keys are customer data."""
    noticed(journal.state_dir)

    assert (journal.state_dir / FILE).stat().st_mode & 0o777 == 0o600


def test_a_damaged_file(tmp_path: Path) -> None:
    """One line says what to do."""
    (tmp_path / FILE).write_bytes(b"no database" * 100)

    with pytest.raises(StateDirectoryError, match=r"is damaged: .*\. Remove it: the next run"):
        ChangeLog(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """One line says what to do."""
    tmp_path.chmod(0o500)

    with pytest.raises(StateDirectoryError, match="Make it writable"):
        ChangeLog(tmp_path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """It may lead to another user's file."""
    (tmp_path / FILE).symlink_to(tmp_path / "other")

    with pytest.raises(StateDirectoryError, match="symbolic link"):
        ChangeLog(tmp_path)
