"""Discarded rows leave the CSVs of all runs; other rows, and other files, stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sample_batches import stored_row

from target_salesforce_bulk.reporting.failed_copies import delete_copies
from target_salesforce_bulk.reporting.failed_csv import write_csv

if TYPE_CHECKING:
    from pathlib import Path

HEADERS = ["Key__c", "Email"]
ADA, BOB = stored_row(row={"Key__c": "A"}), stored_row(row={"Key__c": "B", "Email": "=1+1\nx"})


def write(state_dir: Path, run: str, *rows: object, name: str = "people", escape: bool) -> Path:
    path = state_dir / "failed" / run / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(path, rows, HEADERS, escape=escape)  # type: ignore[arg-type]
    return path


def test_copies_of_all_runs_go(tmp_path: Path) -> None:
    """Whatever their error was, and whether formulas were escaped; the rest stays as it is."""
    other_error = stored_row(row=BOB.row, attempt=7, job_id=None)
    mixed = write(tmp_path, "r1", ADA, other_error, escape=True)
    alone = write(tmp_path, "r2", BOB, escape=False)
    foreign = write(tmp_path, "r2", BOB, name="others", escape=False)
    without = write(tmp_path, "r3", ADA, escape=True)
    expected = without.read_bytes()
    untouched = without.stat().st_ino

    assert delete_copies(tmp_path, [BOB]) == [mixed, alone]
    assert mixed.read_bytes() == expected
    assert not alone.exists()
    assert foreign.exists()
    assert (without.read_bytes(), without.stat().st_ino) == (expected, untouched)


def test_an_empty_folder_goes_with_its_last_file(tmp_path: Path) -> None:
    """Nothing is left of a run whose rows are all discarded."""
    write(tmp_path, "r1", ADA, BOB, escape=True)
    delete_copies(tmp_path, [ADA, BOB])

    assert [*(tmp_path / "failed").iterdir()] == []


def test_nothing_to_delete(tmp_path: Path) -> None:
    """A state directory without CSVs."""
    assert delete_copies(tmp_path, [ADA]) == []
