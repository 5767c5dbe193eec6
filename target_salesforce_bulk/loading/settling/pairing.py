"""Pairs results with sent rows in a scratch database, so that memory stays bounded."""

from __future__ import annotations

import sqlite3
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: Echo and values of a result that no row can have.
NO_ROW = (b"", b"")


class Says(IntEnum):
    """What a result says of its row."""

    LOADED = 0
    NOT_LOADED = 1
    NOTHING = 2  #: its file is not believed


_TABLES = """
    CREATE TABLE result
        (id INTEGER PRIMARY KEY, echo BLOB, "values" BLOB, says INTEGER, error TEXT);
    CREATE TABLE sent (number INTEGER PRIMARY KEY, echo BLOB, "values" BLOB);
    CREATE TABLE crowded (echo BLOB PRIMARY KEY, more INTEGER) WITHOUT ROWID;
    CREATE TABLE pair (number INTEGER PRIMARY KEY, result INTEGER);
    CREATE TABLE outcome (number INTEGER PRIMARY KEY, error TEXT);
    BEGIN;
"""

# Rows of one form that results name more often than they were sent.
_CROWDED = """
    INSERT INTO crowded
    SELECT echo, named.times - IFNULL(there.times, 0)
    FROM (SELECT echo, COUNT(*) times FROM result GROUP BY echo) named
    LEFT JOIN (SELECT echo, COUNT(*) times FROM sent GROUP BY echo) there USING (echo)
    WHERE named.times > IFNULL(there.times, 0)
"""

# Where rows of one form are equal, any of them may be paired with any result of that form. Where
# they are not, that holds only if all results say the same, and there is one for each row.
_PAIR = """
    INSERT INTO pair
    WITH fit AS (
        SELECT form
        FROM (SELECT {form} form, COUNT(*) times, MIN("values") = MAX("values") equal
              FROM sent GROUP BY 1) there
        JOIN (SELECT {form} form, COUNT(*) times, MIN(says) = MAX(says) unanimous
              FROM result GROUP BY 1) named USING (form)
        WHERE named.times <= there.times
          AND (equal OR (unanimous AND named.times = there.times))
    ),
    there AS (
        SELECT number, {form} form, ROW_NUMBER() OVER (PARTITION BY {form} ORDER BY number) place
        FROM sent WHERE {form} IN fit
    ),
    named AS (
        SELECT id, {form} form, ROW_NUMBER() OVER (PARTITION BY {form} ORDER BY says, id) place
        FROM result WHERE {form} IN fit
    )
    SELECT number, id FROM there JOIN named USING (form, place)
"""


class Pairing:
    """Results and sent rows, each with its echo and its values (see `RowForms`)."""

    def __init__(self) -> None:
        # An empty name is SQLite's private temporary database: in memory while it is small, on
        # disk when it is not, and gone when it is closed.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Forget everything."""
        self._db.close()

    def add_results(self, results: Iterable[tuple[bytes, bytes, Says, str | None]]) -> None:
        """Take in results: echo, values, what it says, and the error of a row not loaded."""
        self._db.executemany(
            'INSERT INTO result (echo, "values", says, error) VALUES (?, ?, ?, ?)', results
        )

    def add_sent(self, rows: Iterable[tuple[int, bytes, bytes]]) -> None:
        """Take in sent rows: number, echo, values."""
        self._db.executemany("INSERT INTO sent VALUES (?, ?, ?)", rows)

    def leave_out_loaded(self) -> None:
        """Leave out echoes of which every result says that it was loaded."""
        for table in ("result", "sent"):
            self._db.execute(
                f"DELETE FROM {table} WHERE echo NOT IN"  # noqa: S608 - our own names
                " (SELECT echo FROM result WHERE says != ?)",
                (Says.LOADED,),
            )

    def crowd(self) -> int:
        """How many more results there are than rows they can refer to."""
        self._db.execute(_CROWDED)
        (more,) = self._db.execute("SELECT IFNULL(SUM(more), 0) FROM crowded").fetchone()
        return int(more)

    def doubt_crowded(self, error: str) -> None:
        """Mark rows as uncertain that results name more often than they were sent."""
        self._db.execute(
            "INSERT INTO outcome SELECT number, ? FROM sent JOIN crowded USING (echo)", (error,)
        )
        for table in ("result", "sent"):
            self._db.execute(
                f"DELETE FROM {table} WHERE echo IN (SELECT echo FROM crowded)"  # noqa: S608
            )

    def pair(self) -> None:
        """Pair each row with its result: by its values, otherwise by its echo."""
        for form in ('"values"', "echo"):
            self._db.execute(_PAIR.format(form=form))
            self._db.execute(
                "INSERT INTO outcome SELECT number, error FROM pair JOIN result ON id = result"
                " WHERE says != ?",
                (Says.LOADED,),
            )
            self._db.execute("DELETE FROM sent WHERE number IN (SELECT number FROM pair)")
            self._db.execute("DELETE FROM result WHERE id IN (SELECT result FROM pair)")
            self._db.execute("DELETE FROM pair")

    def count_alike(self) -> int:
        """Rows of which results cannot tell which was not loaded."""
        (rows,) = self._db.execute(
            "SELECT COUNT(*) FROM sent WHERE echo IN (SELECT echo FROM result WHERE says != ?)",
            (Says.LOADED,),
        ).fetchone()
        return int(rows)

    def doubt_alike(self, error: str) -> None:
        """Mark rows as uncertain if results cannot tell which of them was not loaded."""
        self._db.execute(
            "INSERT INTO outcome SELECT number, ? FROM sent WHERE echo IN"
            " (SELECT echo FROM result WHERE says != ?)",
            (error, Says.LOADED),
        )

    def doubt_rest(self, error: str) -> None:
        """Mark rows as uncertain that have no result."""
        self._db.execute("INSERT INTO outcome SELECT number, ? FROM sent", (error,))

    def not_loaded(self) -> Iterator[tuple[int, str]]:
        """Numbers of rows that were not loaded, in order, with their errors."""
        yield from self._db.execute("SELECT number, error FROM outcome ORDER BY number")
