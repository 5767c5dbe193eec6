"""A journal of any version comes to the same tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from target_salesforce_bulk.journal import schema


def tables(*scripts: str) -> set[tuple[str, str]]:
    """The columns of each table and view after some scripts."""
    with closing(sqlite3.connect(":memory:")) as db:
        for script in scripts:
            db.executescript(script)
        found = db.execute(
            "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c"
            " WHERE m.type IN ('table', 'view')"
        )
        return set(found.fetchall())


def version_2() -> str:
    return f"{schema._STEPS[0][0]} PRAGMA user_version = 2;"


def test_every_way_leads_to_the_same_tables() -> None:
    """A new file, and one of the version before."""
    new = tables(schema.upgrade(0))

    assert tables(version_2(), schema.upgrade(2)) == new
    assert ("batches", "jobs_made") in new
    assert not [column for table, column in new if table == "seen_rows"]


def test_a_journal_of_this_version_stays_as_it_is() -> None:
    """Nothing is done to it."""
    before = tables(schema.upgrade(0))

    assert tables(schema.upgrade(0), schema.upgrade(schema.VERSION)) == before


def test_an_upgrade_that_fails_leaves_the_earlier_version() -> None:
    """It is one transaction, so a later start tries it again."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.executescript(version_2())
        db.execute("CREATE TABLE settling (batch_id)")  # stands in the way
        with pytest.raises(sqlite3.OperationalError, match="settling"):
            db.executescript(schema.upgrade(2))
        db.execute("ROLLBACK")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        columns = {row[1] for row in db.execute("PRAGMA table_info(batches)")}

    assert (version, "jobs_made" in columns) == (2, False)
