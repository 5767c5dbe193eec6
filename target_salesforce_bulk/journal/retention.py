"""What is deleted of old runs: batches that are done, then the runs that have none left.

Failed rows that are still stored, and rows that may come again, keep their batch whatever its age.
The foreign keys of the schema refuse to delete a batch that something else needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.lifecycle import BatchState

if TYPE_CHECKING:
    import sqlite3

    from target_salesforce_bulk.journal.database import Database

#: Rows deleted in one transaction.
_PORTION = 1000
_FINAL = ", ".join(f"'{state}'" for state in BatchState if state.is_final)
_OLD_BATCHES = (
    f"SELECT id FROM batches AS old WHERE state IN ({_FINAL}) AND changed_at < ?"  # noqa: S608 - ours
    " AND NOT EXISTS (SELECT 1 FROM batches WHERE parent_id = old.id)"
    " AND NOT EXISTS (SELECT 1 FROM batches WHERE origin_id = old.id AND id != old.id)"
    " AND NOT EXISTS (SELECT 1 FROM failed_rows WHERE batch_id = old.id)"
    " AND NOT EXISTS (SELECT 1 FROM failed_rows WHERE retry_batch_id = old.id)"
    " AND NOT EXISTS (SELECT 1 FROM dealt_batches WHERE batch_id = old.id)"
)
# Whether the newest run was killed is what the next one starts from.
_OLD_RUNS = (
    "SELECT id FROM runs AS old WHERE started_at < ?"
    " AND rowid < (SELECT max(rowid) FROM runs)"
    " AND NOT EXISTS (SELECT 1 FROM batches WHERE run_id = old.id)"
    " AND NOT EXISTS (SELECT 1 FROM failed_rows WHERE run_id = old.id)"
)
_OLD_FOREIGN_JOBS = (
    "SELECT job_id FROM foreign_jobs"
    " WHERE entry != '' AND coalesce(json_extract(entry, '$.time'), '') < ?"
)


class Retention:
    """Deletes from the journal what is older than a time."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def is_due(self, before: str) -> bool:
        """Whether anything is older that may be deleted."""
        queries = (_OLD_BATCHES, _OLD_RUNS, _OLD_FOREIGN_JOBS)
        return any(self._db.exists(query, (before,)) for query in queries)

    def delete(self, db: sqlite3.Connection, before: str) -> bool:
        """Delete a portion of what is older; whether there was any.

        A child batch is deleted before its parent, and a run after its batches, each in a later
        portion.
        """
        deleted = 0
        for table, column, query in (
            ("batches", "id", _OLD_BATCHES),
            ("runs", "id", _OLD_RUNS),
            ("foreign_jobs", "job_id", _OLD_FOREIGN_JOBS),
        ):
            cursor = db.execute(
                f"DELETE FROM {table} WHERE {column} IN ({query} LIMIT ?)",  # noqa: S608 - ours
                (before, _PORTION),
            )
            deleted += cursor.rowcount
        return deleted > 0
