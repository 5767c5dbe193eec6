"""The rows of a batch are read back as they were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sample_batches import make_batch, make_plan

from target_salesforce_bulk.journal.failed_rows import FailedRow, RowError
from target_salesforce_bulk.journal.order import Written
from target_salesforce_bulk.journal.outcome import LoadedRow
from target_salesforce_bulk.loading.settling.sent_rows import (
    LEFT_ALONE,
    all_unprocessed,
    failed_row,
    row_keys,
    rows_by_key,
    sent_rows,
)
from target_salesforce_bulk.rows.csvfile import encode_row
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch

INSERT = make_plan(operation=Operation.INSERT, key=None)


def batch(folder: Path) -> Batch:
    found = make_batch(folder)
    lines = [["Key__c", "LastName"], ["K-1", "Ada"], ["k-2", ""]]
    found.csv.write_bytes(b"".join(map(encode_row, lines)))
    return found


def test_rows_have_numbers(tmp_path: Path) -> None:
    """From 0, without the header."""
    assert list(sent_rows(batch(tmp_path).csv)) == [(0, ["K-1", "Ada"]), (1, ["k-2", ""])]


def test_rows_that_were_loaded(tmp_path: Path) -> None:
    """By their keys as they compare, with the fields that they wrote; an insert has no keys."""
    path = batch(tmp_path).csv

    assert list(rows_by_key(make_plan(), path)) == [
        LoadedRow(same_key="k-1", written=Written(fields=frozenset({"LastName"}))),
        LoadedRow(same_key="k-2", written=Written()),
    ]
    assert list(row_keys(INSERT, path)) == []


def test_rows_that_salesforce_did_not_come_to(tmp_path: Path) -> None:
    """Each is one that may be sent again."""
    found = [(row.key, row.error) for row in all_unprocessed(batch(tmp_path))]

    assert found == [("K-1", LEFT_ALONE), ("k-2", LEFT_ALONE)]


def test_a_failed_row_by_its_headers() -> None:
    """With its key, where the plan has one."""
    error = RowError(code="X", message="no")
    row = {"Key__c": "K-1", "LastName": "Ada"}

    assert failed_row(make_plan(), ["K-1", "Ada"], error) == FailedRow(
        row=row, error=error, key="K-1", same_key="k-1"
    )
    assert failed_row(INSERT, ["K-1", "Ada"], error) == FailedRow(row=row, error=error)
