"""Makes batches of stored failed rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.journal.failed_rows import FailureClass, Origin
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
        """Sealed batches with the selected rows, in the order in which they failed."""
        for row in self._journal.failures.select(replace(chosen, waiting_only=True)):
            if reason := _why_not(row, chosen):
                self.skipped[reason] = self.skipped.get(reason, 0) + 1
                continue
            plan = self._plan(row)
            line = encode_row(row.row.get(column.header, "") for column in plan.columns)
            opened = self._open.get(plan)
            if opened is not None and opened.file.size + len(line) > self._max_bytes:
                yield self._seal(plan)
                opened = None
            if opened is None:
                opened = self._open[plan] = _Open(self._journal.open_batch(plan))
            opened.add(row.id, line)
        for plan in list(self._open):
            yield self._seal(plan)

    def _plan(self, row: StoredFailedRow) -> LoadPlan:
        if row.batch_id not in self._plans:
            self._plans[row.batch_id] = _before_lookup(self._journal.plan_of(row))
        return self._plans[row.batch_id]

    def _seal(self, plan: LoadPlan) -> Batch:
        opened = self._open.pop(plan)
        opened.file.seal()
        return self._journal.retry(
            opened.batch, opened.row_ids, rows=opened.file.rows, size=opened.file.size
        )


class _Open:
    """A batch that is being filled."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        header = encode_row(column.header for column in batch.plan.columns)
        self.file = CsvFile.create(batch.csv, header)
        self.row_ids: list[int] = []

    def add(self, row_id: int, line: bytes) -> None:
        """Add a row."""
        self.file.write(line)
        self.row_ids.append(row_id)


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
