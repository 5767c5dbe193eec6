"""Stores a settlement: prepared in portions, and made valid in one short transaction.

A batch may have a million failed rows. Storing them takes seconds, in which nobody else could use
the journal. So they are stored before, while the batch stands in the table `settling`: what belongs
to such a batch does not count, and is removed on the next start if the run dies. Taking the batch
out of that table makes all of it valid at once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.failed_rows import FailedRow
from target_salesforce_bulk.journal.failure_store import INSERT, values_of
from target_salesforce_bulk.journal.order import SENT, Written, left_of
from target_salesforce_bulk.journal.outcome import LoadedRow, sum_of
from target_salesforce_bulk.journal.waiting import INSERT_OVERWRITTEN, INSERT_WAITING
from target_salesforce_bulk.rows.csvfile import encode_row
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.journal.database import Database
    from target_salesforce_bulk.journal.failure_store import FailureStore, Standing
    from target_salesforce_bulk.journal.order import Order
    from target_salesforce_bulk.journal.outcome import Outcome
    from target_salesforce_bulk.journal.waiting import Waiting, WaitingRows

_Row = TypeVar("_Row", bound="FailedRow | LoadedRow")

#: Rows whose records are looked up together; SQLite takes so many values in any build.
_RECORDS = 500
#: Rows that are stored together.
_PORTION = 1000

_CHANGE = "INSERT OR REPLACE INTO changes (batch_id, row_id, row) VALUES (?, ?, ?)"
#: Codes by which a delete says that there is no such record.
_NO_RECORD = frozenset({"NOT_FOUND", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"})


class Prepared:
    """Statements that become valid with the settlement of a batch.

    Few of them are kept for its transaction; many go to disk in portions before it.
    """

    def __init__(self, database: Database, batch_id: int) -> None:
        self._db = database
        self._batch_id = batch_id
        self._values: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._number = 0

    def add(self, sql: str, *values: Any) -> None:
        """Add a statement."""
        self._values[sql].append(values)
        self._number += 1
        if self._number >= _PORTION:
            self.store()

    def store(self) -> None:
        """Bring what there is to disk, where it does not count yet."""
        with self._db.transaction() as db:
            db.execute("INSERT OR IGNORE INTO settling VALUES (?)", (self._batch_id,))
            self._write(db)

    def commit(self, db: sqlite3.Connection) -> None:
        """Make all of it valid, within the transaction that settles the batch."""
        self._write(db)
        db.execute("DELETE FROM settling WHERE batch_id = ?", (self._batch_id,))

    def _write(self, db: sqlite3.Connection) -> None:
        for sql, values in self._values.items():
            db.executemany(sql, values)
        self._values.clear()
        self._number = 0


class Settling:
    """Orders the rows of one batch among older and newer rows of their records.

    Args:
        database: The journal's file.
        failures: The stored failed rows.
        waiting: The rows that wait to be sent again.
        was_dealt: Whether an earlier run dealt with a line of a stream, which has come again.
        batch: The batch.
        run_id: The run that settles it.
    """

    def __init__(
        self,
        database: Database,
        failures: FailureStore,
        waiting: WaitingRows,
        *,
        was_dealt: Callable[[str, bytes], bool],
        batch: Batch,
        run_id: str,
    ) -> None:
        self._failures = failures
        self._waiting = waiting
        self._was_dealt = was_dealt
        self._batch = batch
        self._key_field = batch.plan.key_field
        self._deletes = batch.plan.operation.only_ids
        self._run_id = run_id
        self._prepared = Prepared(database, batch.id)
        #: What newer rows wrote while the batch waited.
        self._overwritten = {} if batch.parent_id is None else waiting.overwritten(batch.id)
        #: What the sums of the outcome must be changed by.
        self.adjustment = Counts()

    def take(self, outcome: Outcome) -> None:
        """Prepare what is stored of an outcome."""
        stand = self._rows_stand()
        for portion in _portions(outcome.refused(), _RECORDS):
            self._take(portion, look_up=stand)
            if self._key_field is not None:
                self._prepared.store()  # the rows after them are to find them
                stand = True
        stand = stand or self._rows_stand()
        for each in _portions(outcome.sent(loaded=stand), _RECORDS):
            self._take(each, look_up=stand)

    def add(self, rows: Iterable[FailedRow]) -> None:
        """Prepare failed rows that no outcome tells of; no two speak of one record."""
        stand = self._rows_stand()
        for portion in _portions(rows, _RECORDS):
            self._take(portion, look_up=stand)

    def add_child(self, child: Batch, same_keys: Iterable[str]) -> None:
        """Prepare that the rows of a child batch wait."""
        # Rows that are resent are older than all that is read in this run.
        order_batch = 0 if self._batch.resends else self._batch.origin_id
        record = (self._batch.plan.sobject, self._key_field)
        for same_key in same_keys:
            self._prepared.add(INSERT_WAITING, *record, same_key, child.id, order_batch)

    def forget_resent(self) -> None:
        """Prepare that the stored rows are gone which the batch sent again."""
        for row_id in self._failures.being_resent(self._batch.id):
            self._change(row_id, None)

    def commit(self, db: sqlite3.Connection) -> None:
        """Make all that is prepared count, within the transaction that settles the batch."""
        self._prepared.commit(db)

    def _rows_stand(self) -> bool:
        """Whether anything is known of records that are named as those of the batch are."""
        if self._key_field is None:
            return False
        record = (self._batch.plan.sobject, self._key_field)
        return self._failures.has_rows_of(*record) or self._waiting.has_rows_of(*record)

    def _take(self, rows: Sequence[FailedRow | LoadedRow], *, look_up: bool) -> None:
        keys = list(dict.fromkeys(row.same_key for row in rows if row.same_key is not None))
        stored: defaultdict[str | None, list[Standing]] = defaultdict(list)
        waiting: defaultdict[str | None, list[Waiting]] = defaultdict(list)
        if look_up and keys:
            for standing in self._failures.of_records(self._batch, keys):
                stored[standing.same_key].append(standing)
            for row in self._waiting.of_records(self._batch, keys):
                waiting[row.same_key].append(row)
        for each in rows:
            self._take_row(each, stored[each.same_key], waiting[each.same_key])

    def _take_row(
        self, row: FailedRow | LoadedRow, stored: list[Standing], waiting: list[Waiting]
    ) -> None:
        resent = [each for each in stored if each.retry_batch_id == self._batch.id]
        others = [each for each in stored if each.retry_batch_id != self._batch.id]
        if isinstance(row, FailedRow) and self._is_done_by_itself(row, resent, waiting):
            self.adjustment += sum_of(row, -1) + Counts(loaded=1)
            row = LoadedRow(same_key=str(row.same_key), written=Written(deletes=True))
        if isinstance(row, FailedRow):
            kept = [self._keep(*version, others) for version in self._versions(row, resent)]
            if not any(kept):
                self.adjustment += sum_of(row, -1) + Counts(superseded=1)
            return
        written = self._written(row, resent)
        for order, each in written:
            self._supersede(others, order, each, loaded=True)
        for older in waiting:
            newer = [each for (batch_id, _), each in written if batch_id > older.order_batch]
            self._overwrite(older, newer)

    def _is_done_by_itself(
        self, row: FailedRow, resent: list[Standing], waiting: list[Waiting]
    ) -> bool:
        """Whether a delete found no record, and there is none to be deleted.

        It was deleted by an earlier run, and the row comes again; or it is still waiting to be
        written, and will not be, so the delete has what it wanted.
        """
        if not self._deletes or row.error.code not in _NO_RECORD:
            return False
        if row.key is not None and self._was_dealt(self._batch.plan.stream, encode_row([row.key])):
            return True
        order = max((each.order for each in resent), default=self._order(row))
        return any(each.order_batch < order[0] for each in waiting)

    def _order(self, row: FailedRow) -> Order:
        return (self._batch.origin_id, row.position)

    def _versions(
        self, row: FailedRow, resent: list[Standing]
    ) -> Iterator[tuple[FailedRow, Order]]:
        """What is stored of a row: each row that was resent, as it stands, in its own place."""
        if not self._batch.resends or row.same_key is None:
            yield row, self._order(row)
        for each in resent:
            if each.row is not None:
                keys = {name: row.row[name] for name in (self._key_field, "Id") if name in row.row}
                cells = {name: each.row.get(name, "") for name in row.row}
                yield replace(row, row=cells | keys), each.order

    def _written(self, row: LoadedRow, resent: list[Standing]) -> list[tuple[Order, Written]]:
        """What a loaded row wrote: what each of the rows says that were resent, in its place."""
        if not self._batch.resends:
            return [((self._batch.origin_id, SENT), row.written)]
        return [
            (each.order, Written.by(each.row, self._key_field, deletes=self._deletes))
            for each in resent
            if each.row is not None
        ]

    def _keep(self, row: FailedRow, order: Order, others: list[Standing]) -> bool:
        """Store what newer rows leave of a failed one; whether anything is left."""
        cells: dict[str, str] | None = row.row
        newer = [
            (Written.by(each.row, self._key_field, deletes=each.deletes), False)
            for each in others
            if each.row is not None and each.order > order
        ]
        if overwritten := self._overwritten.get(row.same_key or ""):
            newer.append((overwritten, True))
        for written, loaded in newer:
            if cells is not None:
                cells = left_of(
                    cells, self._key_field, written, deletes=self._deletes, loaded=loaded
                )
        if cells is None:
            return False
        row = replace(row, row=cells)
        written = Written.by(cells, self._key_field, deletes=self._deletes)
        self._supersede(others, order, written, loaded=False)
        if row.same_key is None and self._batch.plan.operation is not Operation.INSERT:
            # It comes again after a crash, and then stands for the one before.
            for row_id in self._failures.without_key(self._batch.plan.stream, self._run_id, row):
                self._change(row_id, None)
        self._prepared.add(INSERT, *values_of(self._run_id, self._batch, row, order))
        return True

    def _supersede(
        self, others: list[Standing], order: Order, written: Written, *, loaded: bool
    ) -> None:
        """Take from older stored rows what a newer row writes."""
        for older in others:
            if older.row is None or older.order >= order:
                continue
            left = left_of(
                older.row, self._key_field, written, deletes=older.deletes, loaded=loaded
            )
            if left != older.row:
                older.row = left
                self._change(older.id, left)

    def _change(self, row_id: int, row: dict[str, str] | None) -> None:
        text = None if row is None else json.dumps(row)
        self._prepared.add(_CHANGE, self._batch.id, row_id, text)

    def _overwrite(self, older: Waiting, written: list[Written]) -> None:
        """Note what a row that waits must not write any more."""
        if written:
            fields = frozenset(chain.from_iterable(each.fields for each in written))
            self._prepared.add(
                INSERT_OVERWRITTEN,
                older.batch_id,
                older.same_key,
                self._batch.id,
                json.dumps(sorted(fields)),
                any(each.deletes for each in written),
            )


def _portions(rows: Iterable[_Row], size: int) -> Iterator[list[_Row]]:
    iterator = iter(rows)
    while portion := list(islice(iterator, size)):
        yield portion
