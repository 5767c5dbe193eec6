"""The rows of a batch as they were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.failed_rows import UNPROCESSED, FailedRow, RowError
from target_salesforce_bulk.journal.order import Written
from target_salesforce_bulk.journal.outcome import LoadedRow
from target_salesforce_bulk.rows.canonical import canonical_key
from target_salesforce_bulk.rows.csvfile import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan

#: Why Salesforce did not come to a row.
LEFT_ALONE = RowError(
    code=UNPROCESSED, message="The job ended before Salesforce processed this row.", raw=UNPROCESSED
)


def sent_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each row of a batch's CSV with its number, from 0."""
    rows = read_rows(path)
    next(rows)
    return enumerate(rows)


def row_keys(plan: LoadPlan, path: Path) -> Iterator[str]:
    """The key of each row of a CSV, in the form in which keys compare; none for an insert."""
    place = plan.label_index
    if place is None:
        return iter(())
    same = canonical_key(plan.columns[place].field)
    return (same(row[place]) for _, row in sent_rows(path))


def rows_by_key(plan: LoadPlan, path: Path) -> Iterator[LoadedRow]:
    """Each row of a CSV as one that was loaded; none for an insert."""
    headers = [column.header for column in plan.columns]
    deletes = plan.operation.only_ids
    for key, (_, row) in zip(row_keys(plan, path), sent_rows(path), strict=False):
        cells = dict(zip(headers, row, strict=True))
        yield LoadedRow(same_key=key, written=Written.by(cells, plan.key_field, deletes=deletes))


def all_unprocessed(batch: Batch) -> Iterator[FailedRow]:
    """Every row of a batch that Salesforce did not come to."""
    return (failed_row(batch.plan, row, LEFT_ALONE) for _, row in sent_rows(batch.csv))


def failed_row(plan: LoadPlan, row: list[str], error: RowError) -> FailedRow:
    """A sent row with what Salesforce said of it."""
    place = plan.label_index
    key = None if place is None else row[place]
    same = None if place is None else canonical_key(plan.columns[place].field)
    return FailedRow(
        row=dict(zip((column.header for column in plan.columns), row, strict=True)),
        error=error,
        key=key,
        same_key=None if same is None or key is None else same(key),
    )
