"""Stores, selects, counts and deletes failed rows."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.journal.batch import LoadPlan
from target_salesforce_bulk.journal.database import now
from target_salesforce_bulk.journal.failed_rows import FailureClass, Origin, StoredFailedRow
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.journal.database import Database
    from target_salesforce_bulk.journal.failed_rows import FailedRow
    from target_salesforce_bulk.journal.order import Order

_SAMPLE_KEYS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class FailureGroup:
    """Failed rows of one stream with one code."""

    stream: str
    code: str
    failure_class: FailureClass
    rows: int
    #: What Salesforce, or our own check, said of the first of them.
    message: str
    #: The keys of a few of them.
    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """A filter for failed rows; members that are not set match all."""

    stream: str | None = None
    code: str | None = None
    failure_class: str | None = None
    #: ISO 8601, in UTC.
    since: str | None = None
    job_id: str | None = None
    run_id: str | None = None
    #: A key, or the number of a row.
    name: str | None = None
    #: Whether rows count that a batch under way sends again.
    waiting_only: bool = False

    def where(self) -> tuple[str, tuple[Any, ...]]:
        """The condition in SQL, and its values."""
        by = {
            "stream = ?": self.stream,
            "code = ?": self.code,
            "class = ?": self.failure_class,
            "failed_at >= ?": self.since,
            "substr(job_id, 1, 15) = ?": self.job_id[:15] if self.job_id else None,
            "run_id = ?": self.run_id,
        }
        terms = {term: value for term, value in by.items() if value is not None}
        conditions, values = ["1", *terms], [*terms.values()]
        if self.name is not None:
            conditions.append("(key = ? OR CAST(id AS TEXT) = ?)")
            values += [self.name, self.name]
        if self.waiting_only:
            conditions.append("+retry_batch_id IS NULL")  # almost all: no index helps
        return " AND ".join(conditions), tuple(values)


@dataclass(kw_only=True, slots=True)
class Standing:
    """A stored row of a record that a batch is settled for, with what becomes of it."""

    id: int
    same_key: str
    order: Order
    deletes: bool
    #: The batch that sends it again, if one does.
    retry_batch_id: int | None
    #: Its cells by header; None: it is gone.
    row: dict[str, str] | None

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Standing:
        """Read a failed row with what is prepared to become of it."""
        return cls(
            id=row["id"],
            same_key=row["same_key"],
            order=(row["order_batch"], row["order_position"]),
            deletes=Operation(row["operation"]).only_ids,
            retry_batch_id=row["retry_batch_id"],
            row=json.loads(row["changed_row"] or row["row"]),
        )


class FailureStore:
    """The journal's table of failed rows; safe to call from any thread."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def has_rows_of(self, sobject: str, key_field: str) -> bool:
        """Whether a failed row of an object is stored that is named by this key field."""
        return self._db.exists(
            "SELECT 1 FROM failed_rows WHERE object = ? AND key_field = ? AND same_key NOT NULL",
            (sobject, key_field),
        )

    def of_records(self, batch: Batch, same_keys: Sequence[str]) -> list[Standing]:
        """The stored rows of some records, as they stand with what is prepared for a batch.

        Args:
            batch: The batch that is being settled.
            same_keys: Keys of its rows, in the form in which keys compare.
        """
        marks = ",".join("?" * len(same_keys))
        rows = self._db.query(
            "SELECT f.*, c.row_id AS changed, c.row AS changed_row FROM failed_rows AS f"  # noqa: S608
            " LEFT JOIN changes AS c ON c.batch_id = ? AND c.row_id = f.id"
            f" WHERE f.object = ? AND f.key_field = ? AND f.same_key IN ({marks})"
            " AND (f.batch_id = ? OR f.batch_id NOT IN (SELECT batch_id FROM settling))"
            " ORDER BY f.order_batch, f.order_position, f.id",
            (batch.id, batch.plan.sobject, batch.plan.key_field, *same_keys, batch.id),
        )
        gone = [row["changed"] is not None and row["changed_row"] is None for row in rows]
        return [
            Standing.from_row(row) for row, is_gone in zip(rows, gone, strict=True) if not is_gone
        ]

    def without_key(self, stream: str, run_id: str, row: FailedRow) -> list[int]:
        """Numbers of the rows of earlier runs that are equal to a row that has no key."""
        rows = self._db.query(
            "SELECT id FROM stored_failed_rows WHERE same_key IS NULL AND operation != 'insert'"
            " AND stream = ? AND row = ? AND run_id != ?",
            (stream, json.dumps(row.row), run_id),
        )
        return [row["id"] for row in rows]

    def being_resent(self, batch_id: int) -> Iterator[int]:
        """Numbers of the stored rows that a batch sends again."""
        last = 0
        while rows := self._db.query(
            "SELECT id FROM failed_rows WHERE retry_batch_id = ? AND id > ? ORDER BY id LIMIT 1000",
            (batch_id, last),
        ):
            yield from (row["id"] for row in rows)
            last = rows[-1]["id"]

    def apply_changes(self, db: sqlite3.Connection) -> bool:
        """Apply a portion of the changes of settled batches to older rows; whether there was any.

        What a settlement changes counts from its one transaction on; a large number of rows is
        brought to that afterwards, so that nobody waits for it.
        """
        changes = db.execute(
            "SELECT * FROM changes WHERE batch_id NOT IN (SELECT batch_id FROM settling) LIMIT 1000"
        ).fetchall()
        for change in changes:
            if change["row"] is None:
                db.execute("DELETE FROM failed_rows WHERE id = ?", (change["row_id"],))
            else:
                db.execute(
                    "UPDATE failed_rows SET row = ? WHERE id = ?", (change["row"], change["row_id"])
                )
        db.executemany(
            "DELETE FROM changes WHERE batch_id = ? AND row_id = ?",
            ((change["batch_id"], change["row_id"]) for change in changes),
        )
        return bool(changes)

    def has_row_of(self, plan: LoadPlan, same_key: str) -> bool:
        """Whether a failed row of a record is stored that came in the stream of a plan."""
        query = (
            "SELECT 1 FROM stored_failed_rows"
            " WHERE object = ? AND key_field = ? AND same_key = ? AND stream = ? LIMIT 1"
        )
        return bool(self._db.query(query, (plan.sobject, plan.key_field, same_key, plan.stream)))

    def jobs(self) -> list[dict[str, Any]]:
        """The failed rows by job, as STATE tells of them; the oldest first.

        Rows that were never sent have no job.
        """
        rows = self._db.query(
            "SELECT nullif(job_id, '') AS job_id, stream, object, operation, code, number, time"
            " FROM failed_counts ORDER BY time, code"
        )
        jobs: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in rows:
            facts = {name: row[name] for name in ("job_id", "stream", "object", "operation")}
            job = jobs.setdefault(tuple(facts.values()), facts | {"failed": {}, "time": ""})
            job["failed"][row["code"]] = row["number"]
            job["time"] = max(job["time"], row["time"])
        return list(jobs.values())

    def remember_foreign_job(self, job_id: str, entry: str) -> None:
        """Remember a job with failed rows that this journal has not made; "" for one dealt with."""
        with self._db.transaction() as db:
            query = "SELECT 1 FROM batches WHERE substr(job_id, 1, 15) = ?"  # by an index
            known = db.execute(query, (job_id[:15],)).fetchone()
            if known is None or not entry:
                db.execute(
                    "INSERT INTO foreign_jobs VALUES (?, ?) ON CONFLICT DO UPDATE"
                    " SET entry = excluded.entry WHERE entry != ''",
                    (job_id, entry),
                )

    def foreign_jobs(self) -> list[str]:
        """The jobs of other machines with rows that are still failed."""
        rows = self._db.query("SELECT entry FROM foreign_jobs WHERE entry != ''")
        return [row["entry"] for row in rows]

    def select(self, chosen: Selection) -> Iterator[StoredFailedRow]:
        """The failed rows of a selection, in the order in which they were stored."""
        where, values = chosen.where()
        last = 0
        while rows := self._db.query(
            f"SELECT * FROM stored_failed_rows WHERE {where} AND id > ?"  # noqa: S608 - our text
            " ORDER BY id LIMIT 1000",
            (*values, last),
        ):
            yield from map(StoredFailedRow.from_row, rows)
            last = rows[-1]["id"]

    def select_in_order(self, chosen: Selection) -> Iterator[StoredFailedRow]:
        """The failed rows of a selection that are stored by now, the older of a record first."""
        where, values = chosen.where()
        (newest,) = self._db.query("SELECT coalesce(max(id), 0) AS id FROM failed_rows")
        last = (0, 0, 0)
        while rows := self._db.query(
            f"SELECT * FROM stored_failed_rows WHERE {where} AND id <= ?"  # noqa: S608 - our text
            " AND (order_batch, order_position, id) > (?, ?, ?)"
            " ORDER BY order_batch, order_position, id LIMIT 1000",
            (*values, newest["id"], *last),
        ):
            yield from map(StoredFailedRow.from_row, rows)
            last = (rows[-1]["order_batch"], rows[-1]["order_position"], rows[-1]["id"])

    def discard(self, chosen: Selection) -> int:
        """Forget the failed rows of a selection; how many."""
        where, values = chosen.where()
        with self._db.transaction() as db:
            query = f"SELECT id FROM stored_failed_rows WHERE {where}"  # noqa: S608 - our text
            return db.execute(f"DELETE FROM failed_rows WHERE id IN ({query})", values).rowcount  # noqa: S608

    def origins(self, chosen: Selection) -> list[tuple[str, str]]:
        """The runs in which the rows of a selection failed, with their streams."""
        where, values = chosen.where()
        rows = self._db.query(
            f"SELECT DISTINCT run_id, stream FROM stored_failed_rows WHERE {where}",  # noqa: S608
            values,
        )
        return [(row["run_id"], row["stream"]) for row in rows]

    def streams(self, run_id: str) -> list[str]:
        """The streams of a run that have failed rows."""
        rows = self._db.query(
            "SELECT DISTINCT stream FROM stored_failed_rows WHERE run_id = ? ORDER BY stream",
            (run_id,),
        )
        return [row["stream"] for row in rows]

    def headers(self, run_id: str, stream: str) -> list[str]:
        """The columns that failed rows of a stream have, over all its batches in a run."""
        rows = self._db.query(
            "SELECT DISTINCT plan FROM batches WHERE id IN (SELECT batch_id"
            " FROM stored_failed_rows WHERE run_id = ? AND stream = ?) ORDER BY id",
            (run_id, stream),
        )
        plans = (LoadPlan.from_json(row["plan"]) for row in rows)
        return list(dict.fromkeys(column.header for plan in plans for column in plan.columns))

    def groups(self, chosen: Selection) -> list[FailureGroup]:
        """Failed rows by stream and code, the most frequent first."""
        where, values = chosen.where()
        rows = self._db.query(
            "SELECT stream, code, class, count(*) AS number, min(id) AS first"  # noqa: S608
            f" FROM stored_failed_rows WHERE {where}"
            " GROUP BY stream, code, class ORDER BY stream, number DESC, code",
            values,
        )
        return [self._group(chosen, row) for row in rows]

    def _group(self, chosen: Selection, row: sqlite3.Row) -> FailureGroup:
        facts = {"stream": row["stream"], "code": row["code"], "failure_class": row["class"]}
        where, values = replace(chosen, **facts).where()
        sample = self._db.query(
            f"SELECT key FROM stored_failed_rows WHERE {where}"  # noqa: S608 - our text
            " AND key IS NOT NULL ORDER BY id LIMIT ?",
            (*values, _SAMPLE_KEYS),
        )
        first = self._db.query("SELECT message FROM failed_rows WHERE id = ?", (row["first"],))
        return FailureGroup(
            stream=row["stream"],
            code=row["code"],
            failure_class=FailureClass(row["class"]),
            rows=row["number"],
            message=first[0]["message"] if first else "",
            keys=tuple(key["key"] for key in sample),
        )


#: Stores a failed row; see `values_of`.
INSERT = (
    "INSERT INTO failed_rows (run_id, batch_id, stream, object, operation, key, key_field,"
    " same_key, row, code, message, fields, job_id, attempt, origin, class, failed_at,"
    " order_batch, order_position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def values_of(run_id: str, batch: Batch, row: FailedRow, order: Order) -> tuple[Any, ...]:
    """What `INSERT` stores of a failed row of a batch."""
    return (
        run_id,
        batch.id,
        batch.plan.stream,
        batch.plan.sobject,
        batch.plan.operation,
        row.key,
        batch.plan.key_field,
        row.same_key,
        json.dumps(row.row),
        row.error.code,
        row.error.message,
        json.dumps(row.error.fields),
        # A row that was refused before sending has no job, even where its batch has one.
        batch.job_id if row.origin is Origin.SALESFORCE else None,
        batch.depth + 1 if row.origin is Origin.SALESFORCE else 0,
        row.origin,
        row.failure_class,
        now(),
        *order,
    )
