"""The CSV of failed rows that Data Loader or a spreadsheet opens."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from target_salesforce_bulk.journal.failed_rows import StoredFailedRow


#: Columns of the failed-rows CSV before those of the row itself.
EXPORT_COLUMNS = ("sf__Error", "code", "fields", "job_id", "attempt")


def write_csv(path: Path, rows: Iterable[StoredFailedRow], headers: list[str]) -> int:
    """Write failed rows of one stream as a CSV that Data Loader or a spreadsheet opens.

    Args:
        path: File to write, readable by its owner only, as the rows are customer data.
        rows: The rows; a cell for which a row has no value is left empty.
        headers: The columns of the rows, in order.

    Returns:
        How many rows were written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        path.chmod(0o600)
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow([*EXPORT_COLUMNS, *headers])
        for row in rows:
            writer.writerow([*export_cells(row), *(row.row.get(name, "") for name in headers)])
            written += 1
    return written


def export_cells(row: StoredFailedRow) -> list[Any]:
    """The cells of `EXPORT_COLUMNS`."""
    return [f"{row.code}: {row.message}", row.code, ",".join(row.fields), row.job_id, row.attempt]
