"""What a failed row adds to the sums of its batch."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.failed_rows import (
    UNCERTAIN,
    UNPROCESSED,
    FailedRow,
    Origin,
    RowError,
)
from target_salesforce_bulk.journal.outcome import sum_of


@pytest.mark.parametrize(
    ("code", "origin", "counts"),
    [
        (UNPROCESSED, Origin.SALESFORCE, Counts(unprocessed=3)),
        (UNCERTAIN, Origin.SALESFORCE, Counts(uncertain=3)),
        ("DUPLICATE_VALUE", Origin.SALESFORCE, Counts(failed=3)),
        ("MISSING_ARGUMENT", Origin.LOCAL, Counts(failed=3, refused=3)),
    ],
)
def test_each_row_counts_in_one_sum(code: str, origin: Origin, counts: Counts) -> None:
    """One that our own checks refused is among the failed ones too."""
    row = FailedRow(row={}, error=RowError(code=code, message=""), origin=origin)

    assert sum_of(row, 3) == counts
