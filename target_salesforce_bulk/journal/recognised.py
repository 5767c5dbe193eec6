"""Rows that an interrupted run has dealt with, and that the tap sends again.

An upsert or update of the same row twice does no harm. An insert would make a second record, and a
delete would fail for want of one, so rows of those are recognised when they come again, and left
out once for each time that they were dealt with.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from target_salesforce_bulk.rows.csvfile import read_raw
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.journal.database import Database

_NOT_TWICE = frozenset({Operation.INSERT, Operation.DELETE, Operation.HARD_DELETE})


def must_not_come_twice(operation: Operation) -> bool:
    """Whether a row that comes again must be recognised."""
    return operation in _NOT_TWICE


def row_fingerprint(line: bytes) -> bytes:
    """What a row is recognised by: its CSV line as it was written from the record."""
    return hashlib.blake2b(line, digest_size=16).digest()


def refused_fingerprint(row: Mapping[str, str]) -> bytes:
    """What a row is recognised by that was refused before sending."""
    text = json.dumps(list(row.values()), separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"refused").digest()


class RecognisedRows:
    """Fingerprints of rows, how often each may come again, and which have.

    The one owner of both. `take` is for the reading thread; the rest is safe to call from any.
    """

    def __init__(self, database: Database) -> None:
        self._db = database
        #: Rows that came again, in order, how often each did, and how many STATE covers.
        self._taken: list[tuple[str, str, bytes]] = []
        self._times_taken: Counter[tuple[str, str, bytes]] = Counter()
        self._covered = 0

    def remember(
        self, db: sqlite3.Connection, batch: Batch, covered_rows: int, covered_refused: int
    ) -> None:
        """Add the rows of a settled batch that no STATE covers, within a transaction."""
        db.executemany(
            "INSERT INTO seen_rows VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1",
            (
                (batch.plan.stream, batch.plan.map_fingerprint, fingerprint)
                for fingerprint in _fingerprints(batch, covered_rows, covered_refused)
            ),
        )

    def numbers(self, stream: str) -> dict[str, int]:
        """How many rows of a stream may come again, by the fingerprint of their field map."""
        rows = self._db.query(
            "SELECT map_fingerprint, sum(times) AS number FROM seen_rows WHERE stream = ?"
            " GROUP BY map_fingerprint",
            (stream,),
        )
        return {row["map_fingerprint"]: row["number"] for row in rows}

    def take(self, plan: LoadPlan, fingerprint: bytes) -> bool:
        """Whether a row is one that an earlier run dealt with; each is taken once."""
        row = (plan.stream, plan.map_fingerprint, fingerprint)
        if self._times(row) <= self._times_taken[row]:
            return False
        self._times_taken[row] += 1
        self._taken.append(row)
        return True

    def _times(self, row: tuple[str, str, bytes]) -> int:
        rows = self._db.query(
            "SELECT times FROM seen_rows"
            " WHERE stream = ? AND map_fingerprint = ? AND fingerprint = ?",
            row,
        )
        return sum(int(row["times"]) for row in rows)

    @property
    def taken(self) -> int:
        """How many rows have come again."""
        return len(self._taken)

    def cover(self, taken: int) -> None:
        """Forget the first so many of the rows that came again: STATE covers them now."""
        new = self._taken[self._covered : taken]
        self._covered = max(self._covered, taken)
        if not new:
            return
        with self._db.transaction() as db:
            for row in new:
                db.execute(
                    "UPDATE seen_rows SET times = times - 1"
                    " WHERE stream = ? AND map_fingerprint = ? AND fingerprint = ?",
                    row,
                )
            db.execute("DELETE FROM seen_rows WHERE times <= 0")

    def forget_stream(self, stream: str) -> int:
        """Forget which rows of a stream were dealt with; how many."""
        with self._db.transaction() as db:
            rows = db.execute("SELECT times FROM seen_rows WHERE stream = ?", (stream,))
            number = sum(int(row["times"]) for row in rows)
            db.execute("DELETE FROM seen_rows WHERE stream = ?", (stream,))
        return number


def _fingerprints(batch: Batch, covered_rows: int, covered_refused: int) -> Iterator[bytes]:
    """The rows of a settled batch that no STATE covers."""
    lines = (line for line, _ in read_raw(batch.original))
    yield from map(row_fingerprint, islice(lines, 1 + covered_rows, None))
    if batch.refused.exists():
        with batch.refused.open(encoding="utf-8") as rows:
            for text in islice(rows, covered_refused, None):
                yield refused_fingerprint(json.loads(text)["row"])
