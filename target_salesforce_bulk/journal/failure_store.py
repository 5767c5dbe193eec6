"""The failed rows: kept, chosen, counted, forgotten."""

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
    from collections.abc import Iterator

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.journal.database import Database
    from target_salesforce_bulk.journal.failed_rows import FailedRow

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
    """Which failed rows are meant; what is not said does not matter."""

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
            conditions.append("retry_batch_id IS NULL")
        return " AND ".join(conditions), tuple(values)


class FailureStore:
    """The journal's table of failed rows; safe to call from any thread."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def store(self, db: sqlite3.Connection, run_id: str, batch: Batch, row: FailedRow) -> None:
        """Keep a failed row of a batch, within a transaction."""
        if row.same_key is not None:
            # What failed of the same record before is not what it should be now.
            db.execute(
                "DELETE FROM failed_rows WHERE object = ? AND same_key = ?",
                (batch.plan.sobject, row.same_key),
            )
        elif batch.plan.operation is not Operation.INSERT:
            # A row without its key, which comes again after a crash.
            db.execute(
                "DELETE FROM failed_rows WHERE stream = ? AND run_id != ? AND row = ?",
                (batch.plan.stream, run_id, json.dumps(row.row)),
            )
        db.execute(
            "INSERT INTO failed_rows (run_id, batch_id, stream, object, operation, key, same_key,"
            " row, code, message, fields, job_id, attempt, origin, class, failed_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (run_id, *_failed_row_values(batch, row)),
        )

    def open_keys(self, sobject: str) -> set[str]:
        """The keys of an object's failed rows, in the form in which keys compare."""
        rows = self._db.query(
            "SELECT DISTINCT same_key FROM failed_rows WHERE object = ? AND same_key IS NOT NULL",
            (sobject,),
        )
        return {row["same_key"] for row in rows}

    def has_key(self, sobject: str, same_key: str) -> bool:
        """Whether a failed row of a record is stored."""
        query = "SELECT 1 FROM failed_rows WHERE object = ? AND same_key = ? LIMIT 1"
        return bool(self._db.query(query, (sobject, same_key)))

    def jobs(self) -> list[dict[str, Any]]:
        """The failed rows by job, as STATE tells of them; the oldest first.

        Rows that were never sent have no job.
        """
        rows = self._db.query(
            "SELECT job_id, stream, object, operation, code, count(*) AS number,"
            " max(failed_at) AS time FROM failed_rows"
            " GROUP BY job_id, stream, object, operation, code ORDER BY time, code"
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
            known = db.execute("SELECT 1 FROM batches WHERE job_id = ?", (job_id,)).fetchone()
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
        while True:
            rows = self._db.query(
                f"SELECT * FROM failed_rows WHERE {where} AND id > ?"  # noqa: S608 - our text
                " ORDER BY id LIMIT 1000",
                (*values, last),
            )
            if not rows:
                return
            yield from map(StoredFailedRow.from_row, rows)
            last = rows[-1]["id"]

    def discard(self, chosen: Selection) -> int:
        """Forget the failed rows of a selection; how many."""
        where, values = chosen.where()
        with self._db.transaction() as db:
            query = f"DELETE FROM failed_rows WHERE {where}"  # noqa: S608 - our text
            return db.execute(query, values).rowcount

    def streams(self, run_id: str) -> list[str]:
        """The streams of a run that have failed rows."""
        rows = self._db.query(
            "SELECT DISTINCT stream FROM failed_rows WHERE run_id = ? ORDER BY stream", (run_id,)
        )
        return [row["stream"] for row in rows]

    def headers(self, run_id: str, stream: str) -> list[str]:
        """The columns that failed rows of a stream have, over all its batches in a run."""
        rows = self._db.query(
            "SELECT DISTINCT plan FROM batches WHERE id IN"
            " (SELECT batch_id FROM failed_rows WHERE run_id = ? AND stream = ?) ORDER BY id",
            (run_id, stream),
        )
        plans = (LoadPlan.from_json(row["plan"]) for row in rows)
        return list(dict.fromkeys(column.header for plan in plans for column in plan.columns))

    def groups(self, chosen: Selection) -> list[FailureGroup]:
        """Failed rows by stream and code, the most frequent first."""
        where, values = chosen.where()
        rows = self._db.query(
            "SELECT stream, code, class, count(*) AS number, min(id) AS first"  # noqa: S608
            f" FROM failed_rows WHERE {where}"
            " GROUP BY stream, code, class ORDER BY stream, number DESC, code",
            values,
        )
        return [self._group(chosen, row) for row in rows]

    def _group(self, chosen: Selection, row: sqlite3.Row) -> FailureGroup:
        facts = {"stream": row["stream"], "code": row["code"], "failure_class": row["class"]}
        where, values = replace(chosen, **facts).where()
        sample = self._db.query(
            f"SELECT key FROM failed_rows WHERE {where}"  # noqa: S608 - our text
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


def _failed_row_values(batch: Batch, row: FailedRow) -> tuple[Any, ...]:
    return (
        batch.id,
        batch.plan.stream,
        batch.plan.sobject,
        batch.plan.operation,
        row.key,
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
    )
