"""The journal: facts that are on disk before anything relies on them."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from target_salesforce_bulk.journal.batch import Batch, Counts, LoadPlan
from target_salesforce_bulk.journal.database import Database, now
from target_salesforce_bulk.journal.failure_store import FailureStore
from target_salesforce_bulk.journal.lifecycle import BatchState, Event, next_state
from target_salesforce_bulk.journal.outcome import sum_of
from target_salesforce_bulk.journal.recognised import RecognisedRows
from target_salesforce_bulk.journal.retention import Retention
from target_salesforce_bulk.journal.settling import Settling
from target_salesforce_bulk.journal.waiting import WaitingRows
from target_salesforce_bulk.private_files import UsingFiles

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

    from target_salesforce_bulk.journal.batch import ChildDraft
    from target_salesforce_bulk.journal.failed_rows import FailedRow, StoredFailedRow
    from target_salesforce_bulk.journal.outcome import Outcome
    from target_salesforce_bulk.journal.recognised import Coverage


#: A lock that is taken again immediately never reaches the threads that wait for it.
_BREATH_SECONDS = 0.001
#: The folder of a batch, by its number.
_FOLDER = re.compile(r"[1-9][0-9]*")


class SqliteJournal:
    """The durable store of batches and failed rows; safe to call from any thread."""

    def __init__(self, state_dir: Path, *, read_only: bool = False) -> None:
        self._db = Database(state_dir, read_only=read_only)
        #: The folder of the org: everything that must outlive the process.
        self.state_dir = state_dir
        self.batches_dir = self._db.batches_dir
        #: The failed rows.
        self.failures = FailureStore(self._db)
        #: The rows that an interrupted run has processed.
        self.recognised = RecognisedRows(self._db, self._db.fingerprints_dir)
        #: The rows that wait to be sent again.
        self.waiting = WaitingRows(self._db)
        self._run_id = ""
        # Of two settlements, the later one sees what the earlier one stored.
        self._one_settlement = threading.Lock()
        if not read_only:
            self._recover()

    def _recover(self) -> None:
        """Discard uncommitted settlements of a killed run, and finish committed ones."""
        with self._db.transaction() as db:
            for (batch_id,) in db.execute("SELECT batch_id FROM settling").fetchall():
                db.execute("DELETE FROM failed_rows WHERE batch_id = ?", (batch_id,))
                db.execute("DELETE FROM changes WHERE batch_id = ?", (batch_id,))
                db.execute("DELETE FROM overwritten WHERE by_batch = ?", (batch_id,))
            db.execute("DELETE FROM settling")
            for batch in self.batches(BatchState.FILLING):
                if batch.parent_id is not None:
                    self._advance(db, batch.id, Event.ABANDONED, {})
            self.waiting.recover(db)
            db.execute(
                "UPDATE last_state SET value = 'null'"
                " WHERE (SELECT left_at IS NULL FROM runs ORDER BY rowid DESC LIMIT 1)"
            )
        self._portion_by_portion(self.failures.apply_changes)

    def _portion_by_portion(self, work: Callable[[sqlite3.Connection], bool]) -> None:
        """Do long work in short transactions, until nothing is left."""
        more = True
        while more:
            with self._db.transaction() as db:
                more = work(db)
            time.sleep(_BREATH_SECONDS)

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

    def leave_run(self) -> None:
        """See `Journal.leave_run`."""
        with self._db.transaction() as db:
            db.execute("UPDATE runs SET left_at = ? WHERE id = ?", (now(), self._run_id))

    def end_run(self) -> None:
        """Note that a run read its input to the end and left nothing unsettled."""
        with self._db.transaction() as db:
            db.execute("UPDATE runs SET ended_at = ? WHERE id = ?", (now(), self._run_id))

    @property
    def remembers_rows(self) -> bool:
        """Whether there are rows that may come again."""
        return self.recognised.remembers_any

    def newest_state(self) -> int:
        """The number of the newest STATE; 0 where there was none."""
        return self.recognised.newest_number()

    def intend_state(self, coverage: Coverage) -> int:
        """Note what a STATE will cover that is about to be written; its number."""
        with self._db.transaction() as db:
            number = self.recognised.newest_number() + 1
            self.recognised.intend(db, number, coverage)
        return number

    def state_written(self, number: int, coverage: Coverage, value: Any, *, numbered: bool) -> None:
        """Record that a STATE was written, and release the batches that it covers.

        Args:
            number: Its number.
            coverage: What it covers.
            value: The STATE without our part.
            numbered: Whether it carries the number.
        """
        whole = [batch_id for batch_id, position in coverage.batches.items() if position is None]
        with self._db.transaction() as db:
            self.recognised.written(db, number, numbered=numbered)
            self._release(db, whole)
            self._keep_state(db, value)

    def keep_state(self, value: Any) -> None:
        """Keep the STATE that was written last."""
        with self._db.transaction() as db:
            self._keep_state(db, value)

    def _keep_state(self, db: sqlite3.Connection, value: Any) -> None:
        db.execute("INSERT OR REPLACE INTO last_state VALUES (1, ?)", (json.dumps(value),))

    def last_state(self) -> Any:
        """The STATE that was written last, by this run or an earlier one; None where none was."""
        found = self._db.query("SELECT value FROM last_state")
        return json.loads(found[0]["value"]) if found else None

    @property
    def last_state_in_doubt(self) -> bool:
        """Whether a run was killed, so that nobody knows which STATE the runner kept."""
        return self._db.exists("SELECT 1 FROM last_state WHERE value = 'null'")

    def complete_without_state(self, stream: str) -> None:
        """Note that a run has brought a stream to its end whose tap sends no STATE."""
        with self._db.transaction() as db:
            self.recognised.forget_completed(db, stream)

    def release_settled(self) -> None:
        """Release all batches that have an outcome: what may come again is remembered elsewhere."""
        settled = [batch.id for batch in self.batches(BatchState.SETTLED)]
        with self._db.transaction() as db:
            self._release(db, settled)

    def _release(self, db: sqlite3.Connection, batch_ids: Iterable[int]) -> None:
        released = next_state(BatchState.SETTLED, Event.RELEASED)
        db.executemany(
            "UPDATE batches SET state = ?, changed_at = ? WHERE id = ? AND state = ?",
            ((released, now(), batch_id, BatchState.SETTLED) for batch_id in batch_ids),
        )

    def sweep(self) -> None:
        """See `Journal.sweep`."""
        alive = [state for state in BatchState if state.is_unsettled]
        known = {batch.folder.name for batch in self.batches(*alive)}
        (newest,) = self._db.query("SELECT coalesce(max(id), 0) AS id FROM batches")
        for folder in self.batches_dir.iterdir():
            # Whatever else lies there is not from here.
            is_ours = _FOLDER.fullmatch(folder.name) and int(folder.name) <= newest["id"]
            if is_ours and folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def delete_old(self, before: str) -> None:
        """See `Journal.delete_old`."""
        retention = Retention(self._db)
        if retention.is_due(before):
            self._portion_by_portion(lambda db: retention.delete(db, before))

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
        """Note that rows of a batch were left out, because newer ones have been written."""
        superseded = batch.superseded + batch.rows - rows
        return self.record(batch.id, Event.REDUCED, rows=rows, size=size, superseded=superseded)

    def settle(self, batch: Batch, outcome: Outcome) -> tuple[Counts, list[Batch]]:
        """Store the outcome of every row of a batch; all outcomes become valid at once.

        Failed rows that the batch sent again are gone with it, and older ones lose what it loaded;
        rows that are to be sent again become child batches.

        Args:
            batch: The batch.
            outcome: What became of its rows.

        Returns:
            The sums, and the child batches.
        """
        with self._one_settlement, UsingFiles(self.state_dir):
            settling = self._settling(batch)
            settling.take(outcome)
            drafts = outcome.children()
            children = [self._open_child(batch, draft, settling) for draft in drafts]
            resent_on = batch.resends and bool(children)
            if batch.resends and not children:
                settling.forget_resent()
            earlier = Counts(superseded=batch.superseded)
            settled = outcome.counts() + settling.adjustment + earlier
            fingerprints = self.recognised.write_files(batch)
            with self._db.transaction() as db:
                if fingerprints is not None:
                    self.recognised.deal(db, batch, fingerprints)
                settling.commit(db)
                for child, draft in zip(children, drafts, strict=True):
                    self._seal_child(db, child, draft)
                if resent_on:  # as a whole, in one child
                    self._resend_by(db, batch, children[0])
                self._advance(db, batch.id, Event.SETTLED, _facts(settled))
                more = self.failures.apply_changes(db)
            self._clean_up(batch, more=more)
            children = [self._batch(child.id) for child in children]
        # What is still needed of its rows is in the journal: outcomes, and fingerprints.
        shutil.rmtree(batch.folder, ignore_errors=True)
        return settled, children

    def _settling(self, batch: Batch) -> Settling:
        return Settling(
            self._db,
            self.failures,
            self.waiting,
            was_dealt=self.recognised.was_dealt,
            batch=batch,
            run_id=self._run_id,
        )

    def _clean_up(self, batch: Batch, *, more: bool) -> None:
        """Do the follow-up work of a settlement, in short transactions."""
        if more:
            self._portion_by_portion(self.failures.apply_changes)
        if batch.parent_id is not None:
            self._portion_by_portion(lambda db: self.waiting.forget_settled(db, batch.id))

    def _open_child(self, parent: Batch, draft: ChildDraft, settling: Settling) -> Batch:
        """Make a child batch that counts when it is sealed, and prepare that its rows wait."""
        values = {
            "run_id": self._run_id,
            "plan": parent.plan.to_json(),
            "state": BatchState.FILLING,
            "parent_id": parent.id,
            "origin_id": parent.origin_id,
            "depth": parent.depth + 1,
            "for_parents": draft.for_parents,
            "changed_at": now(),
        }
        with self._db.transaction() as db:
            names, marks = ", ".join(values), ", ".join("?" * len(values))
            cursor = db.execute(
                f"INSERT INTO batches ({names}) VALUES ({marks})",  # noqa: S608 - our own names
                [*values.values()],
            )
            child = self._batch(cursor.lastrowid)
        if parent.plan.key_field is not None:
            settling.add_child(child, draft.same_keys())
        return child

    def _seal_child(self, db: sqlite3.Connection, child: Batch, draft: ChildDraft) -> None:
        shutil.rmtree(child.folder, ignore_errors=True)
        draft.folder.replace(child.folder)
        self.waiting.hand_on(db, child.parent_id or 0, child.id)
        self._advance(db, child.id, Event.SEALED, {"rows": draft.rows, "size": draft.size})

    @staticmethod
    def _resend_by(db: sqlite3.Connection, batch: Batch, child: Batch) -> None:
        """Note that a child sends the stored rows again that its parent could not."""
        db.execute("UPDATE batches SET resends = 1 WHERE id = ?", (child.id,))
        db.execute(
            "UPDATE failed_rows SET retry_batch_id = ? WHERE retry_batch_id = ?",
            (child.id, batch.id),
        )

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

    def knows_job(self, job_id: str) -> bool:
        """See `Journal.knows_job`."""
        query = "SELECT 1 FROM batches WHERE substr(job_id, 1, 15) = ?"
        return bool(self._db.query(query, (job_id[:15],)))

    def note_api_usage(self, used: int, allowed: int) -> None:
        """See `Journal.note_api_usage`."""
        with self._db.transaction() as db:
            db.execute(
                "UPDATE runs SET api_used = ?, api_allowed = ?, api_usage_at = ? WHERE id = ?",
                (used, allowed, now(), self._run_id),
            )

    def api_usage(self) -> tuple[int, int, str] | None:
        """How much of the org's API requests was used and allowed, and when; None if unknown."""
        found = self._db.query(
            "SELECT api_used, api_allowed, api_usage_at FROM runs WHERE api_usage_at IS NOT NULL"
            " ORDER BY rowid DESC LIMIT 1"
        )
        return tuple(found[0]) if found else None

    def recent_jobs(self, number: int) -> list[dict[str, Any]]:
        """See `Journal.recent_jobs`."""
        rows = self._db.query(
            "SELECT id, run_id, plan, state, rows, job_id, loaded, failed, unprocessed,"
            " uncertain, retried, superseded, changed_at FROM batches ORDER BY id DESC LIMIT ?",
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

    def retry(
        self, batch: Batch, row_ids: Sequence[int], *, rows: int, size: int, merged: int = 0
    ) -> Batch:
        """Seal a batch that sends stored failed rows again, and note which.

        They stay stored until the batch is settled, whatever happens meanwhile.
        """
        with self._db.transaction() as db:
            db.executemany(
                "UPDATE failed_rows SET retry_batch_id = ? WHERE id = ?",
                ((batch.id, row_id) for row_id in row_ids),
            )
            depth = db.execute(
                "SELECT max(attempt) AS attempt FROM failed_rows WHERE retry_batch_id = ?",
                (batch.id,),
            ).fetchone()["attempt"]
            facts = {"rows": rows, "size": size, "merged": merged, "depth": depth or 0}
            self._advance(db, batch.id, Event.SEALED, facts | {"resends": 1})
            return self._batch(batch.id)

    def adopt(self, plan: LoadPlan, job_id: str, rows: Iterable[FailedRow]) -> None:
        """Store the failed rows of a job that another machine created."""
        batch = replace(self.open_batch(plan), job_id=job_id)
        taken = list(rows)
        with self._one_settlement:
            settling = self._settling(batch)
            settling.add(taken)
            counts = sum(map(sum_of, taken), start=settling.adjustment)
            facts = _facts(counts) | {"job_id": job_id, "jobs_made": 1}
            with self._db.transaction() as db:
                settling.commit(db)
                self._advance(db, batch.id, Event.SEALED, {"rows": len(taken)})
                self._advance(db, batch.id, Event.SETTLED, facts)
                more = self.failures.apply_changes(db)
            self._clean_up(batch, more=more)
        with self._db.transaction() as db:
            self._release(db, [batch.id])
        shutil.rmtree(batch.folder, ignore_errors=True)
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


def _facts(counts: Counts) -> dict[str, int]:
    """What the table of batches keeps of their sums."""
    return {
        "loaded": counts.loaded,
        "failed": counts.failed,
        "unprocessed": counts.unprocessed,
        "uncertain": counts.uncertain,
        "refused": counts.refused,
        "retried": counts.retried,
        "superseded": counts.superseded,
    }


def _make_anew(folder: Path) -> None:
    """Make a folder; a run that died before its batch was noted left an empty one there."""
    with suppress(FileNotFoundError):
        folder.rmdir()
    folder.mkdir(mode=0o700)
