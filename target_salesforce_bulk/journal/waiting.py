"""The rows that wait to be sent again, and what newer rows of their records wrote meanwhile."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.journal.order import Written

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.journal.database import Database

#: Stores that a row waits: object, key field, key, its batch, the batch that it first came in.
INSERT_WAITING = (
    "INSERT OR IGNORE INTO waiting_rows (object, key_field, same_key, batch_id, order_batch)"
    " VALUES (?, ?, ?, ?, ?)"
)
#: Stores what a newer row wrote: the waiting row's batch and key, the newer one's batch, what.
INSERT_OVERWRITTEN = (
    "INSERT OR REPLACE INTO overwritten (batch_id, same_key, by_batch, fields, deleted)"
    " VALUES (?, ?, ?, ?, ?)"
)

# A child that is not sealed belongs to a settlement that does not count yet.
_WAITING = ", ".join(
    f"'{state}'" for state in BatchState if state.is_unsettled and state is not BatchState.FILLING
)
_PORTION = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A row of a child batch that is not settled."""

    same_key: str
    batch_id: int
    order_batch: int


class WaitingRows:
    """The journal's index of rows in child batches; safe to call from any thread."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def has_rows_of(self, sobject: str, key_field: str) -> bool:
        """Whether a row of an object waits that is named by this key field."""
        return self._db.exists(
            "SELECT 1 FROM waiting_rows WHERE object = ? AND key_field = ?", (sobject, key_field)
        )

    def of_records(self, batch: Batch, same_keys: Sequence[str]) -> list[Waiting]:
        """The rows that wait of the records of some rows of a batch."""
        marks = ",".join("?" * len(same_keys))
        rows = self._db.query(
            "SELECT same_key, batch_id, order_batch FROM waiting_rows"  # noqa: S608 - our text
            f" WHERE object = ? AND key_field = ? AND same_key IN ({marks}) AND batch_id IN"
            f" (SELECT id FROM batches WHERE state IN ({_WAITING}))",
            (batch.plan.sobject, batch.plan.key_field, *same_keys),
        )
        return [Waiting(**dict(row)) for row in rows]

    def overwritten(self, batch_id: int) -> dict[str, Written]:
        """What newer rows have written of the rows of a child batch, by key."""
        found: dict[str, Written] = {}
        for row in self._db.query(
            "SELECT same_key, fields, deleted FROM overwritten WHERE batch_id = ?"
            " AND by_batch NOT IN (SELECT batch_id FROM settling)",
            (batch_id,),
        ):
            before = found.get(row["same_key"], Written())
            found[row["same_key"]] = Written(
                fields=before.fields.union(json.loads(row["fields"])),
                deletes=before.deletes or bool(row["deleted"]),
            )
        return found

    def hand_on(self, db: sqlite3.Connection, parent_id: int, child_id: int) -> None:
        """What was written of a batch's rows holds for those of its child as well."""
        db.execute(
            "INSERT OR IGNORE INTO overwritten SELECT ?, same_key, by_batch, fields, deleted"
            " FROM overwritten WHERE batch_id = ?",
            (child_id, parent_id),
        )

    def forget_settled(self, db: sqlite3.Connection, batch_id: int) -> bool:
        """Forget a portion of the rows of a settled batch; whether there was any."""
        db.execute("DELETE FROM overwritten WHERE batch_id = ?", (batch_id,))
        cursor = db.execute(
            "DELETE FROM waiting_rows WHERE (object, key_field, same_key, batch_id) IN (SELECT"
            " object, key_field, same_key, batch_id FROM waiting_rows WHERE batch_id = ? LIMIT ?)",
            (batch_id, _PORTION),
        )
        return bool(cursor.rowcount)

    def recover(self, db: sqlite3.Connection) -> None:
        """Forget the rows of batches that are settled, or never came to be."""
        for table in ("waiting_rows", "overwritten"):
            db.execute(
                f"DELETE FROM {table} WHERE batch_id NOT IN"  # noqa: S608 - our own names
                f" (SELECT id FROM batches WHERE state IN ({_WAITING}))"
            )
