"""Makes batches of stored failed rows."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.journal.failed_rows import FailureClass, Origin
from target_salesforce_bulk.loading.preparing.merge import SameRecords
from target_salesforce_bulk.rows.canonical import canonical_key
from target_salesforce_bulk.rows.csvfile import CsvFile, encode_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.journal.failed_rows import StoredFailedRow
    from target_salesforce_bulk.journal.failure_store import Selection
    from target_salesforce_bulk.journal.port import Journal
    from target_salesforce_bulk.run import Run


def resend(run: Run, chosen: Selection, max_job_bytes: int) -> dict[str, Any]:
    """Resend failed rows within a run; returns the numbers sent, and skipped by reason."""
    again = Resend(run.journal, max_job_bytes)
    sent = 0
    for batch in again.batches(chosen):
        sent += batch.rows
        run.load_again(batch)
    return {"sent": sent, "skipped": dict(again.skipped)}


class Resend:
    """Makes batches of failed rows.

    Skips rows that our own checks refused, because they would be refused again, and uncertain rows,
    because they may be in Salesforce already; uncertain rows are sent if their class is selected.

    Args:
        journal: Has the rows and stores the batches.
        max_job_bytes: Maximum size of a batch.
    """

    def __init__(self, journal: Journal, max_job_bytes: int) -> None:
        self._journal = journal
        self._max_bytes = max_job_bytes
        self._plans: dict[int, LoadPlan] = {}
        self._open: dict[LoadPlan, _Open] = {}
        #: Number of rows not sent, by reason.
        self.skipped: dict[str, int] = {}

    def batches(self, chosen: Selection) -> Iterator[Batch]:
        """Sealed batches with the rows of a selection; of one record, the older rows first.

        Several rows of one record in one batch are merged by cell. Where another batch has rows of
        the record, one that deletes it, say, that batch goes first.
        """
        waiting = replace(chosen, waiting_only=True)
        for row in self._journal.failures.select_in_order(waiting):
            if reason := _why_not(row, chosen):
                self.skipped[reason] = self.skipped.get(reason, 0) + 1
                continue
            plan = self._plan(row)
            line = encode_row(row.row.get(column.header, "") for column in plan.columns)
            yield from self._seal_before(plan, row, len(line))
            opened = self._open.get(plan)
            if opened is None:
                opened = self._open[plan] = _Open(self._journal.open_batch(plan))
            opened.add(row, line)
        for plan in list(self._open):
            yield self._seal(plan)

    def _seal_before(self, plan: LoadPlan, row: StoredFailedRow, size: int) -> Iterator[Batch]:
        """Seal what is full, and what must go before a row of its record."""
        for other, opened in list(self._open.items()):
            is_full = other == plan and opened.file.size + size > self._max_bytes
            if is_full or (other != plan and opened.speaks_of(row)):
                yield self._seal(other)

    def _plan(self, row: StoredFailedRow) -> LoadPlan:
        if row.batch_id not in self._plans:
            self._plans[row.batch_id] = _before_lookup(self._journal.plan_of(row))
        return self._plans[row.batch_id]

    def _seal(self, plan: LoadPlan) -> Batch:
        opened = self._open.pop(plan)
        merged = opened.seal()
        return self._journal.retry(
            opened.batch,
            opened.row_ids,
            rows=opened.file.rows - merged,
            size=opened.batch.csv.stat().st_size,
            merged=merged,
        )


class _Open:
    """A batch that is being filled."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        header = encode_row(column.header for column in batch.plan.columns)
        self.file = CsvFile.create(batch.csv, header)
        self.row_ids = array("q")
        #: Hashes of the records that its rows speak of, and of those that several speak of.
        self._records: set[int] = set()
        self._repeated: set[int] = set()

    def add(self, row: StoredFailedRow, line: bytes) -> None:
        """Add a row."""
        self.file.write(line)
        self.row_ids.append(row.id)
        if row.same_key is not None:
            record = _record(row)
            if record in self._records:
                self._repeated.add(hash(row.same_key))
            self._records.add(record)

    def speaks_of(self, row: StoredFailedRow) -> bool:
        """Whether it has a row of the record that a row speaks of."""
        return row.same_key is not None and _record(row) in self._records

    def seal(self) -> int:
        """Bring the rows to disk, one for each record; how many were merged into others."""
        self.file.seal()
        place = self.batch.plan.key_index
        if place is None or not self._repeated:
            return 0
        same = canonical_key(self.batch.plan.columns[place].field)
        return SameRecords(self.batch.csv, self._repeated, lambda cells: same(cells[place])).merge()


def _record(row: StoredFailedRow) -> int:
    return hash((row.sobject, row.key_field, row.same_key))


def _why_not(row: StoredFailedRow, chosen: Selection) -> str:
    """Why a row is skipped; empty if it is sent."""
    looked_up = row.code in {"NOT_FOUND", "DUPLICATE_EXTERNAL_ID"}
    if row.origin is Origin.LOCAL and not looked_up:
        return "refused before sending: correct them in the source"
    if (
        row.failure_class is FailureClass.UNCERTAIN
        and chosen.failure_class != FailureClass.UNCERTAIN
    ):
        return "uncertain: look them up, then retry with --class uncertain or discard them"
    return ""


def _before_lookup(plan: LoadPlan) -> LoadPlan:
    """The plan before Ids were looked up; they will be looked up again."""
    if plan.label is None:
        return plan
    columns = tuple(column for column in plan.columns if column.header != plan.key)
    return replace(plan, columns=columns, key=plan.label, label=None, lookup=True)
