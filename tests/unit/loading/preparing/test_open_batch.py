"""A refused row has its place among the rows of its batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.journal.batch import Batch, BatchColumn, LoadPlan
from target_salesforce_bulk.journal.failed_rows import read_refused
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.loading.preparing.open_batch import OpenBatch, RowWriter
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.loading.settling.settlement import Settlement
from target_salesforce_bulk.rows.csvfile import encode_row, read_rows
from target_salesforce_bulk.rows.encoder import RowRefused
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from pathlib import Path

HEADERS = ["Key__c", "Phone", "Title"]


class Encoder:
    """What the header is taken from."""

    header = encode_row(HEADERS)


def fill(folder: Path, rows: list[Any], operation: Operation = Operation.UPSERT) -> Batch:
    """Fill a batch and seal it; a row in a tuple is refused."""
    plan = LoadPlan(
        stream="s",
        sobject="Contact",
        operation=operation,
        columns=tuple(BatchColumn(header=header, type="string") for header in HEADERS),
        key="Key__c",
    )
    batch = Batch(id=1, run_id="r", plan=plan, state=BatchState.FILLING, folder=folder)
    writer: Any = RowWriter(plan, Encoder())  # type: ignore[arg-type]
    opened = OpenBatch(batch, writer)
    for row in rows:
        if isinstance(row, tuple):
            cells = dict(zip(HEADERS, row, strict=True))
            opened.refuse(cells, row[0] or None, RowRefused("TOO_LONG", "no", ()))
        else:
            opened.write(encode_row(row), [row[0]])
    opened.seal()
    return batch


def left(batch: Batch) -> list[list[str]]:
    """The refused rows that are stored when the batch is settled."""
    return [list(row.row.values()) for row in Settlement(batch, ErrorTable()).refused()]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("a", "1", ""), ["A", "2", ""]], []),
        ([("a", "1", "x"), ["a", "2", ""]], [["a", "", "x"]]),
        ([["a", "2", "y"], ("a", "1", "x")], [["a", "1", "x"]]),
        ([("a", "1", ""), ["b", "2", ""]], [["a", "1", ""]]),
        ([["a", "0", ""], ("a", "1", ""), ["a", "", "x"]], [["a", "1", ""]]),
        ([("a", "1", "x"), ("a", "2", "")], [["a", "", "x"], ["a", "2", ""]]),
        ([("a", "1", ""), ("a", "2", ""), ["a", "", "x"], ("a", "", "y")], [
            ["a", "2", ""], ["a", "", "y"],
        ]),
        ([("", "1", ""), ("", "1", ""), ["a", "1", ""]], [["", "1", ""], ["", "1", ""]]),
    ],
)  # fmt: skip
def test_a_refused_row_loses_what_later_rows_of_its_record_say(
    tmp_path: Path, rows: list[Any], expected: list[list[str]]
) -> None:
    """Whether those are sent or refused; what earlier ones say does not matter."""
    assert left(fill(tmp_path, rows)) == expected


def test_the_file_keeps_a_line_for_each_refused_row(tmp_path: Path) -> None:
    """With the row as it came, as it may be counted and recognised by that."""
    batch = fill(tmp_path, [("a", "1", ""), ["a", "2", ""], ("b", "1", "")])

    assert [list(row.row.values()) for row in read_refused(batch.refused)] == [
        ["a", "1", ""],
        ["b", "1", ""],
    ]
    assert list(read_rows(batch.csv))[1:] == [["a", "2", ""]]


def test_a_refused_delete_is_gone_when_the_record_is_deleted_later(tmp_path: Path) -> None:
    """It says nothing but its key."""
    rows = [("a", "", ""), ["a", "", ""], ("b", "", "")]

    assert left(fill(tmp_path, rows, Operation.DELETE)) == [["b", "", ""]]
