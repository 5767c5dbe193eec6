"""Siblings go into one chunk, so that they do not lock each other out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sample_batches import make_batch, make_plan

from target_salesforce_bulk.journal.batch import BatchColumn
from target_salesforce_bulk.loading.preparing.grouping import group_by_parent
from target_salesforce_bulk.rows.csvfile import encode_row, read_rows

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch

ROWS = [[str(n), f"parent {n % 3}"] for n in range(300)]


def make(folder: Path, column: str, kind: str, rows: list[list[str]]) -> Batch:
    columns = (
        BatchColumn(header="Key__c", type="string"),
        BatchColumn(header=column, type=kind),
    )
    folder.mkdir(exist_ok=True)
    batch = make_batch(folder, plan=make_plan(columns=columns), rows=len(rows))
    batch.csv.write_bytes(b"".join(map(encode_row, [["Key__c", column], *rows])))
    return batch


def test_rows_are_sorted_by_their_parents(tmp_path: Path) -> None:
    """Those of one parent keep their order, and the batch's own file stays as it is."""
    batch = make(tmp_path, "Account.Key__c", "string", ROWS)
    grouped = group_by_parent(batch)

    assert grouped
    assert list(read_rows(batch.upload))[1:] == sorted(ROWS, key=lambda row: row[1])
    assert list(read_rows(batch.csv))[1:] == ROWS


def test_what_needs_no_upload_of_its_own(tmp_path: Path) -> None:
    """One chunk, no parents, or parents that almost every record shares."""
    batches = {
        "small": make(tmp_path / "small", "AccountId", "reference", ROWS[:200]),
        "owner": make(tmp_path / "owner", "OwnerId", "reference", ROWS),
        "record type": make(tmp_path / "record type", "RecordType.DeveloperName", "string", ROWS),
        "none": make(tmp_path / "none", "LastName", "string", ROWS),
    }
    found = {name: group_by_parent(batch) for name, batch in batches.items()}

    assert found == dict.fromkeys(batches, False)
    assert list(tmp_path.rglob("upload.csv")) == []


def test_rows_that_are_sorted_already(tmp_path: Path) -> None:
    """They are sent as they are."""
    batch = make(tmp_path, "AccountId", "reference", sorted(ROWS, key=lambda row: row[1]))

    assert (group_by_parent(batch), batch.upload) == (False, batch.csv)
