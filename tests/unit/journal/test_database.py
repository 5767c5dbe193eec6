"""The journal's file is private, used by one process, and changed by whole transactions."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.journal.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADD = "INSERT INTO runs (id, started_at) VALUES (?, 'now')"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "state")
    yield database
    database.close()


def runs(database: Database) -> list[str]:
    return [row["id"] for row in database.query("SELECT id FROM runs")]


def test_a_transaction_that_fails_changes_nothing(database: Database) -> None:
    """And the next one begins as if it had not been."""

    def fail_half_way() -> None:
        with database.transaction() as db:
            db.execute(ADD, ("lost",))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with database.transaction() as db:
        db.execute(ADD, ("kept",))

    assert runs(database) == ["kept"]


def test_what_is_committed_is_there_for_the_next_process(tmp_path: Path) -> None:
    """Closing releases the lock."""
    first = Database(tmp_path)
    with first.transaction() as db:
        db.execute(ADD, ("r1",))
    first.close()
    second = Database(tmp_path)
    found = runs(second)
    second.close()

    assert found == ["r1"]


def test_every_commit_is_brought_to_disk(database: Database) -> None:
    """2 is FULL: without it a power cut may undo what was relied on."""
    (synchronous,) = database.query("PRAGMA synchronous")[0]
    (mode,) = database.query("PRAGMA journal_mode")[0]

    assert (synchronous, mode) == (2, "wal")


def test_folders_of_others_are_made_private(tmp_path: Path) -> None:
    """Batches are customer data, whoever made the folder."""
    folder = tmp_path / "batches"
    folder.mkdir(mode=0o755)
    Database(tmp_path).close()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    """Its target may belong to another user."""
    target = tmp_path / "target"
    state_dir = tmp_path / "state"
    state_dir.mkdir()
    (state_dir / "journal.sqlite3").symlink_to(target)

    with pytest.raises(StateDirectoryError):
        Database(state_dir)
    assert not target.exists()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """With what can be done about it."""
    (tmp_path / "journal.sqlite3").write_bytes(b"not a database" * 100)

    with pytest.raises(StateDirectoryError, match=r"journal\.sqlite3 is damaged: .*from a backup"):
        Database(tmp_path)


def test_an_error_of_sqlite_is_one_of_the_state_directory(database: Database) -> None:
    """Foreign exceptions do not leave this module."""
    with pytest.raises(StateDirectoryError, match="no such table"):
        database.query("SELECT * FROM nowhere")


def test_whether_a_select_finds_anything(database: Database) -> None:
    """Without counting what it finds."""
    before = database.exists("SELECT 1 FROM runs WHERE id = ?", ("r1",))
    with database.transaction() as db:
        db.execute(ADD, ("r1",))

    assert (before, database.exists("SELECT 1 FROM runs WHERE id = ?", ("r1",))) == (False, True)
