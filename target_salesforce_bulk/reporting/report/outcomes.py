"""Rows by outcome: from the counts of batches, and their sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.reporting.report.schema import Rows
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from target_salesforce_bulk.journal.batch import Counts


def rows_of(counts: Counts, operation: Operation, created: int | None) -> Rows:
    """The rows of one batch.

    Args:
        counts: Their outcomes.
        operation: Tells what the loaded ones did, except for an upsert.
        created: How many an upsert created, where its results were read for that.
    """
    deleted = counts.loaded if operation.only_ids else 0
    written = counts.loaded - deleted
    if operation is Operation.INSERT:
        created = written
    elif operation is not Operation.UPSERT or not written:
        created = 0
    return Rows(
        loaded=counts.loaded,
        created=created,
        updated=None if created is None else written - created,
        deleted=deleted,
        failed=counts.failed,
        refused=counts.refused,
        unprocessed=counts.unprocessed,
        uncertain=counts.uncertain,
        counted=counts.counted,
        retried=counts.retried,
        superseded=counts.superseded,
    )


def add(first: Rows | None, second: Rows) -> Rows:
    """The sum of rows; what is unknown of a part is unknown of the sum."""
    if first is None:
        return second
    pairs = {
        name: (getattr(first, name), getattr(second, name)) for name in first.__struct_fields__
    }
    sums: dict[str, Any] = {
        name: None if None in pair else sum(pair) for name, pair in pairs.items()
    }
    return Rows(**sums)
