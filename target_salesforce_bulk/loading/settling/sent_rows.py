"""The rows of a batch as they were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.failed_rows import UNPROCESSED, FailedRow, RowError
from target_salesforce_bulk.rows.canonical import canonical_key
from target_salesforce_bulk.rows.csvfile import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan

#: Why Salesforce did not come to a row.
LEFT_ALONE = RowError(
    code=UNPROCESSED, message="The job ended before Salesforce came to this row.", raw=UNPROCESSED
)


def sent_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each row of a batch's CSV with its number, from 0."""
    rows = read_rows(path)
    next(rows)
    return enumerate(rows)


def row_keys(batch: Batch) -> Iterator[str]:
    """The key of each row that is sent, in the form in which keys compare; none for an insert."""
    place = batch.plan.label_index
    if place is None or not batch.rows:
        return iter(())
    same = canonical_key(batch.plan.columns[place].field)
    return (same(row[place]) for _, row in sent_rows(batch.csv))


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
