"""The CSV of failed rows."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from sample_batches import stored_row

from target_salesforce_bulk.reporting.failed_csv import export_cells, write_csv

if TYPE_CHECKING:
    from pathlib import Path


def test_the_file(tmp_path: Path) -> None:
    """The error, then the row in the given columns; a missing value is an empty cell."""
    path = tmp_path / "failed" / "r1" / "people.csv"
    rows = [stored_row(), stored_row(row={"Email": 'a"b'}, fields=(), job_id=None, attempt=0)]
    written = write_csv(path, rows, ["Key__c", "Email"])

    assert written == 2
    assert path.read_bytes().decode() == (
        '"sf__Error","code","fields","job_id","attempt","Key__c","Email"\r\n'
        '"DUPLICATE_VALUE: duplicate value","DUPLICATE_VALUE","Key__c,Email","7501","2","K-1",""'
        "\r\n"
        '"DUPLICATE_VALUE: duplicate value","DUPLICATE_VALUE","","","0","","a""b"\r\n'
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_cells_of_an_error() -> None:
    """In the order of the columns."""
    assert export_cells(stored_row()) == [
        "DUPLICATE_VALUE: duplicate value",
        "DUPLICATE_VALUE",
        "Key__c,Email",
        "7501",
        2,
    ]
