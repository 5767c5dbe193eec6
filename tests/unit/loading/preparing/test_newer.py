"""A child batch is sent without what newer rows of its records have written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.journal.batch import Batch, BatchColumn, LoadPlan
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.journal.order import Written
from target_salesforce_bulk.loading.preparing.newer import leave_out_newer
from target_salesforce_bulk.rows.csvfile import CsvFile, encode_row, read_rows
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [["A", "1", "x"], ["b", "2", ""], ["c", "3", "z"], ["d", "4", "#N/A"]]


def written(*fields: str) -> Written:
    return Written(fields=frozenset(fields))


def child(folder: Path, *, lookup: bool = False, operation: Operation = Operation.UPSERT) -> Batch:
    """A child batch, with the Ids of its records in front where those were looked up."""
    columns = tuple(BatchColumn(header=name, type="string") for name in ("Key__c", "Phone", "T"))
    plan = LoadPlan(
        stream="s", sobject="Contact", operation=operation, columns=columns, key="Key__c"
    )
    plan = plan.with_ids() if lookup else plan
    rows = [[f"00{n}", *row] for n, row in enumerate(ROWS)] if lookup else ROWS
    file = CsvFile.create(folder / "rows.csv", encode_row(each.header for each in plan.columns))
    for row in rows:
        file.write(encode_row(row))
    file.seal()
    return Batch(
        id=2,
        run_id="r",
        plan=plan,
        state=BatchState.SEALED,
        folder=folder,
        rows=len(rows),
        parent_id=1,
    )


def test_cells_and_rows_are_left_out(tmp_path: Path) -> None:
    """A row goes when nothing but its key is left; keys compare as Salesforce compares them."""
    batch = child(tmp_path)
    newer = {"a": written("Phone"), "b": written("Phone"), "c": Written(deletes=True)}

    rows, size = leave_out_newer(batch, newer)

    assert list(read_rows(batch.upload))[1:] == [["A", "", "x"], ["d", "4", "#N/A"]]
    assert (rows, size) == (2, batch.upload.stat().st_size)


def test_doing_it_again_changes_nothing(tmp_path: Path) -> None:
    """A crash may come before it is noted."""
    batch = child(tmp_path)
    newer = {"a": written("Phone"), "b": written("Phone")}
    first = leave_out_newer(batch, newer)
    content = batch.csv.read_bytes()

    assert leave_out_newer(batch, newer) == first
    assert batch.csv.read_bytes() == content


def test_what_is_sent_follows_the_rows(tmp_path: Path) -> None:
    """Also where not all columns are sent, and where an upload was in another order."""
    batch = child(tmp_path, lookup=True, operation=Operation.UPDATE)
    (tmp_path / "upload.csv").write_bytes(b'"old"\n')

    rows, size = leave_out_newer(batch, {"c": written("Phone", "T"), "d": written("T")})

    assert list(read_rows(batch.upload)) == [
        ["Id", "Phone", "T"],
        ["000", "1", "x"],
        ["001", "2", ""],
        ["003", "4", ""],
    ]
    assert (rows, size) == (3, batch.upload.stat().st_size)


@pytest.mark.parametrize("newer", [written("Phone"), written(), Written(deletes=True)])
def test_a_delete_is_not_sent_after_anything_newer(tmp_path: Path, newer: Written) -> None:
    """It would remove what was written after it."""
    batch = child(tmp_path, operation=Operation.DELETE)

    assert leave_out_newer(batch, {"b": newer})[0] == 3
    assert [row[0] for row in list(read_rows(batch.csv))[1:]] == ["A", "c", "d"]
