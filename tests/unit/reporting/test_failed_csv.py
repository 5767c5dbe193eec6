"""The CSV of failed rows."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from sample_batches import stored_row

from target_salesforce_bulk.reporting.failed_csv import write_csv

if TYPE_CHECKING:
    from pathlib import Path


def test_the_file(tmp_path: Path) -> None:
    """The error, then the row in the given columns; a missing value is an empty cell."""
    path = tmp_path / "people.csv"
    rows = [stored_row(), stored_row(row={"Email": 'a"b'}, fields=(), job_id=None, attempt=0)]
    written = write_csv(path, rows, ["Key__c", "Email"], escape=True)

    assert written == 2
    assert path.read_bytes().decode() == (
        '"sf__Error","code","fields","job_id","attempt","Key__c","Email"\r\n'
        '"DUPLICATE_VALUE: duplicate value","DUPLICATE_VALUE","Key__c,Email","7501","2","K-1",""'
        "\r\n"
        '"DUPLICATE_VALUE: duplicate value","DUPLICATE_VALUE","","","0","","a""b"\r\n'
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_formulas_are_kept_where_that_is_wanted(tmp_path: Path) -> None:
    """For programs that read the file."""
    lines = []
    for escape in (True, False):
        write_csv(tmp_path / "x.csv", [stored_row(row={"A": "=1+1"})], ["A"], escape=escape)
        lines.append((tmp_path / "x.csv").read_text().splitlines()[1].rpartition(",")[2])

    assert lines == ['"\'=1+1"', '"=1+1"']
