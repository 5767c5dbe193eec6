"""The journal: what this target knows for certain, on disk before anything relies on it."""

from __future__ import annotations

import shutil
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from target_salesforce_bulk.journal.batch import Batch, Counts, LoadPlan
from target_salesforce_bulk.journal.database import Database, now
from target_salesforce_bulk.journal.failure_store import FailureStore
from target_salesforce_bulk.journal.lifecycle import BatchState, Event, next_state
from target_salesforce_bulk.journal.recognised import RecognisedRows, must_not_come_twice

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

    from target_salesforce_bulk.journal.batch import ChildDraft
    from target_salesforce_bulk.journal.failed_rows import FailedRow, StoredFailedRow
    from target_salesforce_bulk.journal.port import Outcome


class SqliteJournal:
    """See `Journal`: the state directory with an SQLite file and a folder for each batch."""

    def __init__(self, state_dir: Path) -> None:
        self._db = Database(state_dir)
        #: Folder with everything that must outlive the process.
        self.state_dir = state_dir
        self.batches_dir = self._db.batches_dir
        #: The failed rows.
        self.failures = FailureStore(self._db)
        #: The rows that an interrupted run has dealt with.
        self.recognised = RecognisedRows(self._db)
        self._run_id = ""

    def close(self) -> None:
        """See `Journal.close`."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start_run(self, run_id: str) -> None:
        """See `Journal.start_run`."""
        self._run_id = run_id
        with self._db.transaction() as db:
            db.execute("INSERT INTO runs (id, started_at) VALUES (?, ?)", (run_id, now()))

    def end_run(self, *, stateless: bool) -> None:
        """See `Journal.end_run`."""
        with self._db.transaction() as db:
            db.execute("UPDATE runs SET ended_at = ? WHERE id = ?", (now(), self._run_id))
        for batch in self.batches(BatchState.SETTLED):
            if stateless or not must_not_come_twice(batch.plan.operation):
                self.release(batch.id)

    def cover(self, batch_id: int, position: tuple[int, int] | None) -> None:
        """See `Journal.cover`."""
        if position is None:
            self.release(batch_id)
            return
        with self._db.transaction() as db:
            db.execute(
                "UPDATE batches SET covered_rows = ?, covered_refused = ? WHERE id = ?",
                (*position, batch_id),
            )

    def cover_recognised(self, taken: int) -> None:
        """See `Journal.cover_recognised`."""
        self.recognised.cover(taken)

    def remember_uncovered_rows(self) -> None:
        """See `Journal.remember_uncovered_rows`."""
        for batch in self.batches(BatchState.SETTLED):
            if batch.parent_id is None and must_not_come_twice(batch.plan.operation):
                self._remember_rows_of(batch)
            self.release(batch.id)

    def _remember_rows_of(self, batch: Batch) -> None:
        with self._db.transaction() as db:
            covered = db.execute(
                "SELECT covered_rows, covered_refused FROM batches WHERE id = ?", (batch.id,)
            ).fetchone()
            self.recognised.remember(db, batch, *covered)
            # With the rows, so that a crash does not take them in twice.
            self._advance(db, batch.id, Event.RELEASED, {})

    def sweep(self) -> None:
        """See `Journal.sweep`."""
        alive = [state for state in BatchState if not state.is_final]
        known = {batch.folder.name for batch in self.batches(*alive)}
        for folder in self.batches_dir.iterdir():
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def open_batch(self, plan: LoadPlan) -> Batch:
        """See `Journal.open_batch`."""
        with self._db.transaction() as db:
            cursor = db.execute(
                "INSERT INTO batches (run_id, plan, state, changed_at) VALUES (?, ?, ?, ?)",
                (self._run_id, plan.to_json(), BatchState.FILLING, now()),
            )
            batch = self._batch(cursor.lastrowid)
            _make_anew(batch.folder)
        return batch

    def record(self, batch_id: int, event: Event, **facts: Any) -> Batch:
        """See `Journal.record`."""
        with self._db.transaction() as db:
            self._advance(db, batch_id, event, facts)
            return self._batch(batch_id)

    def seal(self, batch_id: int, *, rows: int, size: int, merged: int) -> Batch:
        """See `Journal.seal`."""
        return self.record(batch_id, Event.SEALED, rows=rows, size=size, merged=merged)

    def resolve(self, batch: Batch, *, rows: int, size: int) -> Batch:
        """See `Journal.resolve`."""
        plan = batch.plan.with_ids().to_json()
        return self.record(batch.id, Event.REDUCED, plan=plan, rows=rows, size=size)

    def reduce(self, batch: Batch, *, rows: int, size: int) -> Batch:
        """See `Journal.reduce`."""
        merged = batch.merged + batch.rows - rows
        return self.record(batch.id, Event.REDUCED, rows=rows, size=size, merged=merged)

    def settle(
        self,
        batch: Batch,
        outcome: Outcome,
    ) -> tuple[Counts, list[Batch]]:
        """See `Journal.settle`."""
        with self._db.transaction() as db:
            db.execute("DELETE FROM failed_rows WHERE retry_batch_id = ?", (batch.id,))
            for row in outcome.failed_rows():
                self.failures.store(db, self._run_id, batch, row)
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
                now(),
            ),
        )
        child = self._batch(cursor.lastrowid)
        shutil.rmtree(child.folder, ignore_errors=True)
        draft.folder.replace(child.folder)
        return child

    def later_batches(self, batch: Batch) -> list[Batch]:
        """See `Journal.later_batches`."""
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
        with self._db.transaction() as db:
            released = self._batch(batch_id)
            if released.state is not BatchState.RELEASED:
                self._advance(db, batch_id, Event.RELEASED, {})
        shutil.rmtree(released.folder, ignore_errors=True)

    def abandon(self, batch_id: int) -> None:
        """See `Journal.abandon`."""
        with self._db.transaction() as db:
            self._advance(db, batch_id, Event.ABANDONED, {})
            db.execute(
                "UPDATE failed_rows SET retry_batch_id = NULL WHERE retry_batch_id = ?", (batch_id,)
            )
            abandoned = self._batch(batch_id)
        shutil.rmtree(abandoned.folder, ignore_errors=True)

    def batches(self, *states: BatchState) -> list[Batch]:
        """See `Journal.batches`."""
        marks = ",".join("?" * len(states))
        rows = self._db.query(
            f"SELECT * FROM batches WHERE state IN ({marks}) ORDER BY id",  # noqa: S608 - marks
            states,
        )
        return [Batch.from_row(row, self.batches_dir) for row in rows]

    def sealed_at(self, batch: Batch) -> datetime:
        """See `Journal.sealed_at`."""
        (row,) = self._db.query("SELECT changed_at FROM batches WHERE id = ?", (batch.id,))
        return datetime.fromisoformat(row["changed_at"])

    def knows_job(self, job_id: str) -> bool:
        """See `Journal.knows_job`."""
        query = "SELECT 1 FROM batches WHERE substr(job_id, 1, 15) = ?"
        return bool(self._db.query(query, (job_id[:15],)))

    def recent_jobs(self, number: int) -> list[dict[str, Any]]:
        """See `Journal.recent_jobs`."""
        rows = self._db.query(
            "SELECT id, run_id, plan, state, rows, job_id, loaded, failed, unprocessed,"
            " uncertain, retried, changed_at FROM batches ORDER BY id DESC LIMIT ?",
            (number,),
        )
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

    def plan_of(self, row: StoredFailedRow) -> LoadPlan:
        """See `Journal.plan_of`."""
        return self._batch(row.batch_id).plan

    def retry(self, batch: Batch, row_ids: Sequence[int], *, rows: int, size: int) -> Batch:
        """See `Journal.retry`."""
        with self._db.transaction() as db:
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
        """See `Journal.adopt`."""
        with self._db.transaction() as db:
            cursor = db.execute(
                "INSERT INTO batches (run_id, plan, state, job_id, jobs_made, changed_at)"
                " VALUES (?, ?, ?, ?, 1, ?)",
                (self._run_id, plan.to_json(), BatchState.RELEASED, job_id, now()),
            )
            batch = self._batch(cursor.lastrowid)
            for row in rows:
                self.failures.store(db, self._run_id, batch, row)
        self.failures.remember_foreign_job(job_id, "")

    def _batch(self, batch_id: int | None) -> Batch:
        (row,) = self._db.query("SELECT * FROM batches WHERE id = ?", (batch_id,))
        return Batch.from_row(row, self.batches_dir)

    def _advance(
        self, db: sqlite3.Connection, batch_id: int, event: Event, facts: dict[str, Any]
    ) -> None:
        state = next_state(self._batch(batch_id).state, event)
        values = {"state": state, "changed_at": now(), **facts}
        assignments = ", ".join(f"{name} = ?" for name in values)
        db.execute(
            f"UPDATE batches SET {assignments} WHERE id = ?",  # noqa: S608 - our own column names
            (*values.values(), batch_id),
        )


def _make_anew(folder: Path) -> None:
    """Make a folder; what a run left there that died before its batch was noted is nobody's."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
