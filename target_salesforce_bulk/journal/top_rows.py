"""The rows of a stream at its bookmark, which come again in every run of an incremental tap."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3

    from target_salesforce_bulk.journal.database import Database
    from target_salesforce_bulk.journal.fingerprints import Layout


#: The layout of rows that have no line: those that our own checks refused, and deletes.
NO_LINE: Layout = ()


@dataclass(frozen=True, slots=True)
class TopRow:
    """A row at the bookmark, by which it is recognised when it comes again."""

    fingerprint: bytes
    #: Number of the layout of its line, among those of its set.
    layout: int
    #: The key in the form in which keys compare; None for an insert.
    same_key: str | None = None


@dataclass(kw_only=True)
class TopRows:
    """The rows of a stream with one value of the replication key; grows only.

    Of rows with a key, the last one of each record counts: what is loaded again must not be older.
    """

    #: The value as the tap writes it.
    value: Any
    layouts: list[Layout] = field(default_factory=list)
    rows: list[TopRow] = field(default_factory=list)
    #: Number of the set in the journal, and how many of its rows are there.
    set_id: int | None = None
    stored: int = 0
    #: The last row of each record, by key.
    last: dict[str, TopRow] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.last = {row.same_key: row for row in self.rows if row.same_key is not None}

    def add(self, fingerprint: bytes, layout: Layout, same_key: str | None) -> None:
        """Add a row."""
        if layout not in self.layouts:
            self.layouts.append(layout)
        row = TopRow(fingerprint, self.layouts.index(layout), same_key)
        if same_key is not None:
            self.last[same_key] = row
        self.rows.append(row)


def store_top(db: sqlite3.Connection, stream: str, number: int, top: TopRows, rows: int) -> None:
    """Store the rows at the bookmark of a STATE, within a transaction."""
    layouts = json.dumps(top.layouts)
    if top.set_id is None:
        cursor = db.execute(
            "INSERT INTO top_sets (stream, value, layouts) VALUES (?, ?, ?)",
            (stream, json.dumps(top.value, default=str), layouts),
        )
        top.set_id = cursor.lastrowid
    db.execute("UPDATE top_sets SET layouts = ? WHERE id = ?", (layouts, top.set_id))
    db.executemany(
        "INSERT OR REPLACE INTO top_rows VALUES (?, ?, ?, ?, ?)",
        (
            (top.set_id, place, each.fingerprint, each.layout, each.same_key)
            for place, each in enumerate(top.rows[top.stored : rows], top.stored)
        ),
    )
    top.stored = max(top.stored, rows)
    db.execute("INSERT INTO top_states VALUES (?, ?, ?, ?)", (stream, number, top.set_id, rows))


def load_top(database: Database, stream: str, *, least_written: int = 0) -> TopRows | None:
    """The rows at the bookmark of a stream, as the newest STATE that counts left them.

    Args:
        database: The journal's file.
        stream: Its name.
        least_written: 1 for the newest STATE that is out for certain; 0 also for one that may be.
    """
    found = database.query(
        "SELECT s.id, s.value, s.layouts, t.rows"
        " FROM top_states t JOIN top_sets s ON s.id = t.set_id"
        " LEFT JOIN states n ON n.number = t.number"
        " WHERE t.stream = ? AND coalesce(n.written, 1) >= ? ORDER BY t.number DESC LIMIT 1",
        (stream, least_written),
    )
    if not found:
        return None
    rows = database.query(
        "SELECT fingerprint, layout, same_key FROM top_rows WHERE set_id = ? AND place < ?"
        " ORDER BY place",
        (found[0]["id"], found[0]["rows"]),
    )
    top = TopRows(
        value=json.loads(found[0]["value"]),
        layouts=[tuple(layout) for layout in json.loads(found[0]["layouts"])],
        rows=[TopRow(row["fingerprint"], row["layout"], row["same_key"]) for row in rows],
        set_id=found[0]["id"],
        stored=found[0]["rows"],
    )
    return _without_earlier(top)


def _without_earlier(top: TopRows) -> TopRows:
    """The same without rows that later ones of their records stand for, as a set of its own."""
    kept = [r for r in top.rows if r.same_key is None or top.last[r.same_key] is r]
    if len(kept) == len(top.rows):
        return top
    return TopRows(value=top.value, layouts=top.layouts, rows=kept)
