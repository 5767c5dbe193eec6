"""The journal: what this target knows for certain, on disk before anything relies on it.

One SQLite file in the state directory. Every change is one transaction that is on disk when the
call returns (WAL with `synchronous=FULL`), so a kill at any moment leaves either all of it or
nothing.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, Self

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.loading.batch import Batch, Counts, LoadPlan
from target_salesforce_bulk.loading.error_table import FailureClass
from target_salesforce_bulk.loading.failed_rows import FailedRow, Origin, StoredFailedRow
from target_salesforce_bulk.loading.lifecycle import BatchState, Event, next_state
from target_salesforce_bulk.loading.seen import fingerprints, must_not_come_twice
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from target_salesforce_bulk.loading.retries import ChildDraft

SCHEMA_VERSION = 2

_SCHEMA = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    started_at TEXT NOT NULL,
    ended_at TEXT
) STRICT;
CREATE TABLE batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice, as it names a folder
    run_id TEXT NOT NULL REFERENCES runs (id),
    plan TEXT NOT NULL,
    state TEXT NOT NULL,
    rows INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    merged INTEGER NOT NULL DEFAULT 0,
    job_id TEXT,
    attempt INTEGER NOT NULL DEFAULT 0,
    parent_id INTEGER REFERENCES batches (id),
    origin_id INTEGER REFERENCES batches (id),
    depth INTEGER NOT NULL DEFAULT 0,
    resends INTEGER NOT NULL DEFAULT 0,  -- whether it was made of stored failed rows
    loaded INTEGER,
    failed INTEGER,
    unprocessed INTEGER,
    uncertain INTEGER,
    refused INTEGER,
    retried INTEGER,
    covered_rows INTEGER NOT NULL DEFAULT 0,  -- rows before the last STATE that was written
    covered_refused INTEGER NOT NULL DEFAULT 0,
    changed_at TEXT NOT NULL
) STRICT;
CREATE TABLE failed_rows (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (id),
    batch_id INTEGER NOT NULL REFERENCES batches (id),
    stream TEXT NOT NULL,
    object TEXT NOT NULL,
    operation TEXT NOT NULL,
    key TEXT,
    same_key TEXT,  -- in the form in which keys compare
    row TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    fields TEXT NOT NULL,
    job_id TEXT,
    attempt INTEGER NOT NULL,
    origin TEXT NOT NULL,
    class TEXT NOT NULL,
    failed_at TEXT NOT NULL,
    retry_batch_id INTEGER REFERENCES batches (id)  -- the batch that sends it again
) STRICT;
"""

_LATER_SCHEMA = """
CREATE INDEX IF NOT EXISTS batches_by_state ON batches (state);
CREATE INDEX IF NOT EXISTS failed_rows_by_run ON failed_rows (run_id, stream);
CREATE INDEX failed_rows_by_key ON failed_rows (object, same_key);
CREATE INDEX failed_rows_by_job ON failed_rows (job_id);
CREATE INDEX failed_rows_by_retry ON failed_rows (retry_batch_id);
CREATE TABLE seen_rows (  -- dealt with by an interrupted run, and not covered by STATE
    stream TEXT NOT NULL,
    map_fingerprint TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (stream, map_fingerprint, fingerprint)
) STRICT, WITHOUT ROWID;
CREATE TABLE foreign_jobs (  -- jobs with failed rows that another machine's journal knows
    job_id TEXT PRIMARY KEY,
    entry TEXT NOT NULL
) STRICT;
"""

#: A file of ours; one that a link leads to is somebody else's.
_PRIVATE = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW

#: What brings a journal of an earlier version up to the next one, by its version.
_MIGRATIONS = {
    1: """
ALTER TABLE batches ADD COLUMN parent_id INTEGER REFERENCES batches (id);
ALTER TABLE batches ADD COLUMN origin_id INTEGER REFERENCES batches (id);
ALTER TABLE batches ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN resends INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN retried INTEGER;
ALTER TABLE batches ADD COLUMN covered_rows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN covered_refused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE failed_rows ADD COLUMN same_key TEXT;
ALTER TABLE failed_rows ADD COLUMN retry_batch_id INTEGER REFERENCES batches (id);
""",
}

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


class Outcome(Protocol):
    """What became of the rows of a batch; asked in the order of the methods."""

    def failed_rows(self) -> Iterator[FailedRow]:
        """Each row that did not arrive and is not sent again; read once."""

    def superseded(self) -> set[str]:
        """Keys of older failed rows that were loaded now."""

    def children(self) -> list[ChildDraft]:
        """The rows that are to be sent again."""

    def counts(self) -> Counts:
        """The sums."""


class Journal:
    """The durable store of batches and failed rows; safe to call from any thread."""

    def __init__(self, state_dir: Path) -> None:
        #: Folder with everything that must outlive the process.
        self.state_dir = state_dir
        self.batches_dir = state_dir / "batches"
        self._mutex = threading.RLock()
        self._run_id = ""
        try:
            self._make_private_folders()
            self._lock = self._take_lock()
            self._db = self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise self._unusable(error) from error
            raise StateDirectoryError(
                f"The journal {state_dir / 'journal.sqlite3'} is damaged: {error}. Bring it back "
                "from a copy. Without one, move it away: jobs that are under way then have to be "
                "looked up in Salesforce (Setup, Bulk Data Load Jobs)."
            ) from error
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> StateDirectoryError:
        return StateDirectoryError(
            f"The state directory {self.state_dir} cannot be used: {error}. "
            "Make it writable for this user, or set state_dir to a folder that is."
        )

    def _make_private_folders(self) -> None:
        # Batches and failed rows are customer data.
        for folder in (self.state_dir, self.batches_dir):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if folder.stat().st_mode & 0o077:
                folder.chmod(0o700)

    def _take_lock(self) -> int:
        """Lock the state directory; the lock goes with the process, however that ends."""
        path = self.state_dir / "lock"
        descriptor = os.open(path, _PRIVATE, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 100).decode(errors="replace").strip() or "another process"
            os.close(descriptor)
            raise StateDirectoryError(
                f"The state directory {self.state_dir} is in use by {holder}. "
                "Wait until it has finished, or give this run a state_dir of its own."
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()}, started {_now()}".encode())
        return descriptor

    def _open(self) -> sqlite3.Connection:
        path = self.state_dir / "journal.sqlite3"
        # The file exists, private, before SQLite opens it with the process's own mode.
        os.close(os.open(path, _PRIVATE, 0o600))
        db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA foreign_keys=ON")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            db.close()
            raise StateDirectoryError(
                f"The journal in {self.state_dir} was written by a later version of this program "
                f"(schema {version}, this one knows {SCHEMA_VERSION}). "
                "Install that version, or set state_dir to a new folder."
            )
        if version < SCHEMA_VERSION:
            steps = [_MIGRATIONS[each] for each in range(version, SCHEMA_VERSION) if each]
            script = "".join(steps) if version else _SCHEMA
            db.executescript(
                f"BEGIN; {script} {_LATER_SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;"
            )
        return db

    def close(self) -> None:
        """Give the state directory free for the next run."""
        with self._mutex:
            self._db.close()
            os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._mutex:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def start_run(self, run_id: str) -> None:
        """Note that a run has begun; what is stored from now on is its doing."""
        self._run_id = run_id
        with self._transaction() as db:
            db.execute("INSERT INTO runs (id, started_at) VALUES (?, ?)", (run_id, _now()))

    def end_run(self, *, stateless: bool) -> None:
        """Note that a run read its input to the end and left nothing unsettled.

        Args:
            stateless: The tap sent no STATE: it starts anew by design, not because of a crash, so
                nothing of this run needs to be recognised. After a STATE, rows that come with
                none behind them mean that the tap broke off; they will come again.
        """
        with self._transaction() as db:
            db.execute("UPDATE runs SET ended_at = ? WHERE id = ?", (_now(), self._run_id))
        for batch in self.batches(BatchState.SETTLED):
            if stateless or not must_not_come_twice(batch.plan.operation):
                self.release(batch.id)

    def cover(self, batch_id: int, rows: int, refused: int) -> None:
        """Note how much of a settled batch stands before the last STATE that was written."""
        with self._transaction() as db:
            db.execute(
                "UPDATE batches SET covered_rows = ?, covered_refused = ? WHERE id = ?",
                (rows, refused, batch_id),
            )

    def remember_seen_rows(self) -> None:
        """Take in which rows earlier runs dealt with without a STATE, and release their batches."""
        for batch in self.batches(BatchState.SETTLED):
            if batch.parent_id is None and must_not_come_twice(batch.plan.operation):
                self._remember_rows_of(batch)
            self.release(batch.id)

    def _remember_rows_of(self, batch: Batch) -> None:
        with self._transaction() as db:
            covered = db.execute(
                "SELECT covered_rows, covered_refused FROM batches WHERE id = ?", (batch.id,)
            ).fetchone()
            db.executemany(
                "INSERT INTO seen_rows VALUES (?, ?, ?, 1)"
                " ON CONFLICT DO UPDATE SET times = times + 1",
                (
                    (batch.plan.stream, batch.plan.map_fingerprint, fingerprint)
                    for fingerprint in fingerprints(batch, *covered)
                ),
            )
            # With the rows, so that a crash does not take them in twice.
            self._advance(db, batch.id, Event.RELEASED, {})

    def seen_rows(self, stream: str) -> dict[str, int]:
        """How many rows of a stream may come again, by the fingerprint of their field map."""
        with self._mutex:
            rows = self._db.execute(
                "SELECT map_fingerprint, sum(times) AS number FROM seen_rows WHERE stream = ?"
                " GROUP BY map_fingerprint",
                (stream,),
            )
            return {row["map_fingerprint"]: row["number"] for row in rows}

    def sweep(self) -> None:
        """Remove folders of batches that a run left there when it died."""
        alive = [state for state in BatchState if not state.is_final]
        known = {batch.folder.name for batch in self.batches(*alive)}
        for folder in self.batches_dir.iterdir():
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def times_seen(self, stream: str, map_fingerprint: str, fingerprint: bytes) -> int:
        """How often an earlier run dealt with a row without a STATE."""
        with self._mutex:
            row = self._db.execute(
                "SELECT times FROM seen_rows"
                " WHERE stream = ? AND map_fingerprint = ? AND fingerprint = ?",
                (stream, map_fingerprint, fingerprint),
            ).fetchone()
        return 0 if row is None else int(row["times"])

    def forget_seen_rows(self, rows: Iterable[tuple[str, str, bytes]]) -> None:
        """Note that rows have come again, and that STATE covers them now."""
        with self._transaction() as db:
            for row in rows:
                db.execute(
                    "UPDATE seen_rows SET times = times - 1"
                    " WHERE stream = ? AND map_fingerprint = ? AND fingerprint = ?",
                    row,
                )
            db.execute("DELETE FROM seen_rows WHERE times <= 0")

    def forget_stream(self, stream: str) -> int:
        """Forget which rows of a stream were dealt with; how many."""
        with self._transaction() as db:
            rows = db.execute("SELECT times FROM seen_rows WHERE stream = ?", (stream,))
            number = sum(int(row["times"]) for row in rows)
            db.execute("DELETE FROM seen_rows WHERE stream = ?", (stream,))
        return number

    def open_batch(self, plan: LoadPlan) -> Batch:
        """Make a batch that its sink will fill, with its folder."""
        with self._transaction() as db:
            cursor = db.execute(
                "INSERT INTO batches (run_id, plan, state, changed_at) VALUES (?, ?, ?, ?)",
                (self._run_id, plan.to_json(), BatchState.FILLING, _now()),
            )
            batch = self._batch(cursor.lastrowid)
            _make_anew(batch.folder)
        return batch

    def record(self, batch_id: int, event: Event, **facts: Any) -> Batch:
        """Move a batch on; the facts (rows, size, merged, job_id, attempt) go with it.

        Raises:
            IllegalTransitionError: the event cannot happen in the batch's state; nothing changed.
        """
        with self._transaction() as db:
            self._advance(db, batch_id, event, facts)
            return self._batch(batch_id)

    def seal(self, batch_id: int, *, rows: int, size: int, merged: int) -> Batch:
        """Note that a batch has its last row, and what it came to."""
        return self.record(batch_id, Event.SEALED, rows=rows, size=size, merged=merged)

    def resolve(self, batch: Batch, *, rows: int, size: int) -> Batch:
        """Note that a batch's CSV has the Ids of its records now, and what is left of it."""
        plan = batch.plan.with_ids().to_json()
        return self.record(batch.id, Event.REDUCED, plan=plan, rows=rows, size=size)

    def reduce(self, batch: Batch, *, rows: int, size: int) -> Batch:
        """Note that rows of a batch were left out, because newer ones have been written."""
        merged = batch.merged + batch.rows - rows
        return self.record(batch.id, Event.REDUCED, rows=rows, size=size, merged=merged)

    def settle(
        self,
        batch: Batch,
        outcome: Outcome,
    ) -> tuple[Counts, list[Batch]]:
        """Store what became of every row of a batch, in one transaction.

        Failed rows that the batch sent again, and older ones whose keys it loaded, are gone with
        it; rows that are to be sent again become child batches.

        Args:
            batch: The batch.
            outcome: What became of its rows.

        Returns:
            The sums, and the child batches.
        """
        with self._transaction() as db:
            db.execute("DELETE FROM failed_rows WHERE retry_batch_id = ?", (batch.id,))
            for row in outcome.failed_rows():
                self._store_failed_row(db, batch, row)
            db.executemany(
                "DELETE FROM failed_rows WHERE object = ? AND same_key = ?",
                ((batch.plan.sobject, key) for key in outcome.superseded()),
            )
            children = [self._add_child(db, batch, draft) for draft in outcome.children()]
            settled = outcome.counts()
            facts = {
                "loaded": settled.loaded,
                "failed": settled.failed,
                "unprocessed": settled.unprocessed,
                "uncertain": settled.uncertain,
                "refused": settled.refused,
                "retried": settled.retried,
            }
            self._advance(db, batch.id, Event.SETTLED, facts)
        return settled, children

    def _store_failed_row(self, db: sqlite3.Connection, batch: Batch, row: FailedRow) -> None:
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
                (batch.plan.stream, self._run_id, json.dumps(row.row)),
            )
        db.execute(
            "INSERT INTO failed_rows (run_id, batch_id, stream, object, operation, key, same_key,"
            " row, code, message, fields, job_id, attempt, origin, class, failed_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self._run_id, *_failed_row_values(batch, row)),
        )

    def _add_child(self, db: sqlite3.Connection, parent: Batch, draft: ChildDraft) -> Batch:
        cursor = db.execute(
            "INSERT INTO batches (run_id, plan, state, rows, size, parent_id, origin_id, depth,"
            " changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._run_id,
                parent.plan.to_json(),
                BatchState.SEALED,
                draft.rows,
                draft.size,
                parent.id,
                parent.origin_id,
                parent.depth + 1,
                _now(),
            ),
        )
        child = self._batch(cursor.lastrowid)
        shutil.rmtree(child.folder, ignore_errors=True)
        draft.folder.replace(child.folder)
        return child

    def open_keys(self, sobject: str) -> set[str]:
        """The keys of an object's failed rows, in the form in which keys compare."""
        with self._mutex:
            rows = self._db.execute(
                "SELECT DISTINCT same_key FROM failed_rows"
                " WHERE object = ? AND same_key IS NOT NULL",
                (sobject,),
            )
            return {row["same_key"] for row in rows}

    def later_batches(self, batch: Batch) -> list[Batch]:
        """Batches of the same object with newer rows, whose jobs have been closed already."""
        done = (BatchState.SUBMITTED, BatchState.ENDED, BatchState.SETTLED)
        return [
            each
            for each in self.batches(*done)
            if each.plan.sobject == batch.plan.sobject
            and each.origin_id > batch.origin_id
            and each.id != batch.id
        ]

    def release(self, batch_id: int) -> None:
        """Note that a STATE covering the batch has been written, and remove its files."""
        with self._transaction() as db:
            released = self._batch(batch_id)
            if released.state is not BatchState.RELEASED:
                self._advance(db, batch_id, Event.RELEASED, {})
        shutil.rmtree(released.folder, ignore_errors=True)

    def abandon(self, batch_id: int) -> None:
        """Give a batch up of which nothing was processed, and remove its files."""
        with self._transaction() as db:
            self._advance(db, batch_id, Event.ABANDONED, {})
            db.execute(
                "UPDATE failed_rows SET retry_batch_id = NULL WHERE retry_batch_id = ?", (batch_id,)
            )
            abandoned = self._batch(batch_id)
        shutil.rmtree(abandoned.folder, ignore_errors=True)

    def batches(self, *states: BatchState) -> list[Batch]:
        """The batches in any of these states, the oldest first."""
        marks = ",".join("?" * len(states))
        with self._mutex:
            rows = self._db.execute(
                f"SELECT * FROM batches WHERE state IN ({marks}) ORDER BY id",  # noqa: S608 - marks
                states,
            ).fetchall()
        return [Batch.from_row(row, self.batches_dir) for row in rows]

    def failed_jobs(self) -> list[dict[str, Any]]:
        """The failed rows by job, as STATE tells of them; the oldest first.

        Rows that were never sent have no job.
        """
        with self._mutex:
            rows = self._db.execute(
                "SELECT job_id, stream, object, operation, code, count(*) AS number,"
                " max(failed_at) AS time FROM failed_rows"
                " GROUP BY job_id, stream, object, operation, code ORDER BY time, code"
            ).fetchall()
        jobs: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in rows:
            facts = {name: row[name] for name in ("job_id", "stream", "object", "operation")}
            job = jobs.setdefault(tuple(facts.values()), facts | {"failed": {}, "time": ""})
            job["failed"][row["code"]] = row["number"]
            job["time"] = max(job["time"], row["time"])
        return list(jobs.values())

    def remember_foreign_job(self, job_id: str, entry: str) -> None:
        """Remember a job with failed rows that this journal has not made; "" for one dealt with."""
        with self._transaction() as db:
            known = db.execute("SELECT 1 FROM batches WHERE job_id = ?", (job_id,)).fetchone()
            if known is None or not entry:
                db.execute(
                    "INSERT INTO foreign_jobs VALUES (?, ?) ON CONFLICT DO UPDATE"
                    " SET entry = excluded.entry WHERE entry != ''",
                    (job_id, entry),
                )

    def foreign_jobs(self) -> list[str]:
        """The jobs of other machines with rows that are still failed."""
        with self._mutex:
            rows = self._db.execute("SELECT entry FROM foreign_jobs WHERE entry != ''").fetchall()
        return [row["entry"] for row in rows]

    def sealed_at(self, batch: Batch) -> datetime:
        """When a batch that has no job yet got its last row."""
        with self._mutex:
            row = self._db.execute(
                "SELECT changed_at FROM batches WHERE id = ?", (batch.id,)
            ).fetchone()
        return datetime.fromisoformat(row["changed_at"])

    def knows_job(self, job_id: str) -> bool:
        """Whether this journal has made a job."""
        with self._mutex:
            query = "SELECT 1 FROM batches WHERE substr(job_id, 1, 15) = ?"
            return self._db.execute(query, (job_id[:15],)).fetchone() is not None

    def recent_jobs(self, number: int) -> list[dict[str, Any]]:
        """The newest batches with what is known of their jobs, the newest first."""
        with self._mutex:
            rows = self._db.execute(
                "SELECT id, run_id, plan, state, rows, job_id, loaded, failed, unprocessed,"
                " uncertain, retried, changed_at FROM batches ORDER BY id DESC LIMIT ?",
                (number,),
            ).fetchall()
        jobs = []
        for row in rows:
            facts = dict(row)
            plan = LoadPlan.from_json(facts.pop("plan"))
            jobs.append(
                {
                    "batch": facts.pop("id"),
                    "stream": plan.stream,
                    "object": plan.sobject,
                    "operation": str(plan.operation),
                    **facts,
                }
            )
        return jobs

    def select_failed_rows(self, chosen: Selection) -> Iterator[StoredFailedRow]:
        """The failed rows of a selection, in the order in which they were stored."""
        where, values = chosen.where()
        last = 0
        while True:
            with self._mutex:
                rows = self._db.execute(
                    f"SELECT * FROM failed_rows WHERE {where} AND id > ?"  # noqa: S608 - our text
                    " ORDER BY id LIMIT 1000",
                    (*values, last),
                ).fetchall()
            if not rows:
                return
            yield from map(StoredFailedRow.from_row, rows)
            last = rows[-1]["id"]

    def discard_failed_rows(self, chosen: Selection) -> int:
        """Forget the failed rows of a selection; how many."""
        where, values = chosen.where()
        with self._transaction() as db:
            query = f"DELETE FROM failed_rows WHERE {where}"  # noqa: S608 - our text
            return db.execute(query, values).rowcount

    def plan_of(self, row: StoredFailedRow) -> LoadPlan:
        """What the batch was to become that a failed row was in."""
        with self._mutex:
            return self._batch(row.batch_id).plan

    def retry(self, batch: Batch, row_ids: Sequence[int], *, rows: int, size: int) -> Batch:
        """Seal a batch that sends stored failed rows again, and note which.

        They stay stored until the batch is settled, whatever happens meanwhile.
        """
        with self._transaction() as db:
            db.executemany(
                "UPDATE failed_rows SET retry_batch_id = ? WHERE id = ?",
                ((batch.id, row_id) for row_id in row_ids),
            )
            depth = db.execute(
                "SELECT max(attempt) AS attempt FROM failed_rows WHERE retry_batch_id = ?",
                (batch.id,),
            ).fetchone()["attempt"]
            facts = {"rows": rows, "size": size, "depth": depth or 0, "resends": 1}
            self._advance(db, batch.id, Event.SEALED, facts)
            return self._batch(batch.id)

    def adopt(self, plan: LoadPlan, job_id: str, rows: Iterable[FailedRow]) -> None:
        """Take in the failed rows of a job that another machine has made."""
        with self._transaction() as db:
            cursor = db.execute(
                "INSERT INTO batches (run_id, plan, state, job_id, attempt, changed_at)"
                " VALUES (?, ?, ?, ?, 1, ?)",
                (self._run_id, plan.to_json(), BatchState.RELEASED, job_id, _now()),
            )
            batch = self._batch(cursor.lastrowid)
            for row in rows:
                self._store_failed_row(db, batch, row)
        self.remember_foreign_job(job_id, "")

    def failed_streams(self, run_id: str) -> list[str]:
        """The streams of a run that have failed rows."""
        with self._mutex:
            rows = self._db.execute(
                "SELECT DISTINCT stream FROM failed_rows WHERE run_id = ? ORDER BY stream",
                (run_id,),
            ).fetchall()
        return [row["stream"] for row in rows]

    def failed_headers(self, run_id: str, stream: str) -> list[str]:
        """The columns that failed rows of a stream have, over all its batches in a run."""
        with self._mutex:
            rows = self._db.execute(
                "SELECT DISTINCT plan FROM batches WHERE id IN"
                " (SELECT batch_id FROM failed_rows WHERE run_id = ? AND stream = ?) ORDER BY id",
                (run_id, stream),
            ).fetchall()
        plans = (LoadPlan.from_json(row["plan"]) for row in rows)
        return list(dict.fromkeys(column.header for plan in plans for column in plan.columns))

    def failed_rows(self, run_id: str, stream: str) -> Iterator[StoredFailedRow]:
        """The failed rows of a stream in a run, in the order in which they were stored."""
        last = 0
        while True:
            with self._mutex:
                rows = self._db.execute(
                    "SELECT * FROM failed_rows WHERE run_id = ? AND stream = ? AND id > ?"
                    " ORDER BY id LIMIT 1000",
                    (run_id, stream, last),
                ).fetchall()
            if not rows:
                return
            yield from map(StoredFailedRow.from_row, rows)
            last = rows[-1]["id"]

    def failure_groups(self, chosen: Selection) -> list[FailureGroup]:
        """Failed rows by stream and code, the most frequent first."""
        where, values = chosen.where()
        with self._mutex:
            rows = self._db.execute(
                "SELECT stream, code, class, count(*) AS number, min(id) AS first"  # noqa: S608
                f" FROM failed_rows WHERE {where}"
                " GROUP BY stream, code, class ORDER BY stream, number DESC, code",
                values,
            ).fetchall()
            return [self._failure_group(chosen, row) for row in rows]

    def _failure_group(self, chosen: Selection, row: sqlite3.Row) -> FailureGroup:
        facts = {"stream": row["stream"], "code": row["code"], "failure_class": row["class"]}
        where, values = replace(chosen, **facts).where()
        sample = self._db.execute(
            f"SELECT key FROM failed_rows WHERE {where}"  # noqa: S608 - our text
            " AND key IS NOT NULL ORDER BY id LIMIT ?",
            (*values, _SAMPLE_KEYS),
        )
        first = self._db.execute("SELECT message FROM failed_rows WHERE id = ?", (row["first"],))
        return FailureGroup(
            stream=row["stream"],
            code=row["code"],
            failure_class=FailureClass(row["class"]),
            rows=row["number"],
            message=first.fetchone()["message"],
            keys=tuple(key["key"] for key in sample),
        )

    def _batch(self, batch_id: int | None) -> Batch:
        row = self._db.execute("SELECT * FROM batches WHERE id = ?", (batch_id,)).fetchone()
        return Batch.from_row(row, self.batches_dir)

    def _advance(
        self, db: sqlite3.Connection, batch_id: int, event: Event, facts: dict[str, Any]
    ) -> None:
        state = next_state(self._batch(batch_id).state, event)
        values = {"state": state, "changed_at": _now(), **facts}
        assignments = ", ".join(f"{name} = ?" for name in values)
        db.execute(
            f"UPDATE batches SET {assignments} WHERE id = ?",  # noqa: S608 - our own column names
            (*values.values(), batch_id),
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
        _now(),
    )


def _make_anew(folder: Path) -> None:
    """Make a folder; what a run left there that died before its batch was noted is nobody's."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
