"""Batches with a given outcome, for tests of how the journal stores it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.batch import BatchColumn, Counts, LoadPlan
from target_salesforce_bulk.journal.failed_rows import FailedRow
from target_salesforce_bulk.journal.outcome import LoadedRow, sum_of
from target_salesforce_bulk.rows.csvfile import encode_row
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from target_salesforce_bulk.journal.batch import Batch, ChildDraft
    from target_salesforce_bulk.journal.journal import SqliteJournal

HEADERS = ("Key__c", "Phone", "Title")
WRITES = LoadPlan(
    stream="people",
    sobject="Contact",
    operation=Operation.UPSERT,
    columns=tuple(BatchColumn(header=header, type="string") for header in HEADERS),
    key="Key__c",
)
DELETES = replace(WRITES, operation=Operation.DELETE, columns=WRITES.columns[:1])
INSERTS = replace(WRITES, operation=Operation.INSERT, key=None)


class Decided:
    """An outcome that is known."""

    def __init__(
        self,
        *sent: FailedRow | LoadedRow,
        refused: Iterable[FailedRow] = (),
        children: list[ChildDraft] | None = None,
    ) -> None:
        self._sent = sent
        self._refused = list(refused)
        self._children = children or []

    def refused(self) -> Iterator[FailedRow]:
        return iter(self._refused)

    def sent(self, *, loaded: bool) -> Iterator[FailedRow | LoadedRow]:
        return (row for row in self._sent if loaded or isinstance(row, FailedRow))

    def children(self) -> list[ChildDraft]:
        return self._children

    def counts(self) -> Counts:
        failed = [row for row in self._sent if isinstance(row, FailedRow)]
        loaded = Counts(loaded=len(self._sent) - len(failed))
        return sum(map(sum_of, [*failed, *self._refused]), start=loaded)


def sealed(
    journal: SqliteJournal, plan: LoadPlan = WRITES, rows: Iterable[tuple[str, ...]] = ()
) -> Batch:
    """A batch with some rows."""
    lines = [[column.header for column in plan.columns], *rows]
    batch = journal.open_batch(plan)
    content = b"".join(map(encode_row, lines))
    batch.csv.write_bytes(content)
    return journal.seal(batch.id, rows=len(lines) - 1, size=len(content), merged=0)
