"""Rows by outcome."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.reporting.report.outcomes import add, rows_of
from target_salesforce_bulk.reporting.report.schema import Rows
from target_salesforce_bulk.salesforce.job import Operation


@pytest.mark.parametrize(
    ("operation", "created", "expected"),
    [
        (Operation.INSERT, None, Rows(loaded=5, created=5, updated=0)),
        (Operation.UPDATE, None, Rows(loaded=5, created=0, updated=5)),
        (Operation.DELETE, None, Rows(loaded=5, created=0, updated=0, deleted=5)),
        (Operation.HARD_DELETE, None, Rows(loaded=5, created=0, updated=0, deleted=5)),
        (Operation.UPSERT, None, Rows(loaded=5)),
        (Operation.UPSERT, 2, Rows(loaded=5, created=2, updated=3)),
    ],
)
def test_what_loaded_rows_did(operation: Operation, created: int | None, expected: Rows) -> None:
    """The operation tells; for an upsert, the results do, where they were read."""
    assert rows_of(Counts(loaded=5), operation, created) == expected


def test_every_outcome_is_kept() -> None:
    """The counts of a batch, under the same names."""
    counts = Counts(
        failed=3, refused=1, unprocessed=4, uncertain=5, counted=6, retried=7, superseded=8
    )

    assert rows_of(counts, Operation.UPSERT, None) == Rows(
        created=0, updated=0, failed=3, refused=1, unprocessed=4, uncertain=5, counted=6,
        retried=7, superseded=8,
    )  # fmt: skip


def test_sums() -> None:
    """What is unknown of one part is unknown of the sum, and the rest is added."""
    known = Rows(loaded=2, created=1, updated=1, failed=3)

    assert add(None, known) == known
    assert add(known, known) == Rows(loaded=4, created=2, updated=2, failed=6)
    assert add(known, Rows(loaded=5)) == Rows(loaded=7, failed=3)
