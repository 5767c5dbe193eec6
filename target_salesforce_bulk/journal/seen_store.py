"""Where the rows are kept that an interrupted run has dealt with; see `seen`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.seen import fingerprints

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.journal.database import Database


class SeenStore:
    """Fingerprints of rows, and how often each may come again; safe to call from any thread."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def remember(
        self, db: sqlite3.Connection, batch: Batch, covered_rows: int, covered_refused: int
    ) -> None:
        """Take in the rows of a settled batch that no STATE covers, within a transaction."""
        db.executemany(
            "INSERT INTO seen_rows VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1",
            (
                (batch.plan.stream, batch.plan.map_fingerprint, fingerprint)
                for fingerprint in fingerprints(batch, covered_rows, covered_refused)
            ),
        )

    def rows(self, stream: str) -> dict[str, int]:
        """How many rows of a stream may come again, by the fingerprint of their field map."""
        rows = self._db.query(
            "SELECT map_fingerprint, sum(times) AS number FROM seen_rows WHERE stream = ?"
            " GROUP BY map_fingerprint",
            (stream,),
        )
        return {row["map_fingerprint"]: row["number"] for row in rows}

    def times(self, stream: str, map_fingerprint: str, fingerprint: bytes) -> int:
        """How often an earlier run dealt with a row without a STATE."""
        rows = self._db.query(
            "SELECT times FROM seen_rows"
            " WHERE stream = ? AND map_fingerprint = ? AND fingerprint = ?",
            (stream, map_fingerprint, fingerprint),
        )
        return sum(int(row["times"]) for row in rows)

    def forget(self, rows: Iterable[tuple[str, str, bytes]]) -> None:
        """Note that rows have come again, and that STATE covers them now."""
        with self._db.transaction() as db:
            for row in rows:
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
