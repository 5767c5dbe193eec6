"""The CSV of failed rows, for Data Loader or a spreadsheet."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from target_salesforce_bulk.journal.failed_rows import StoredFailedRow


#: Columns of the CSV before those of the row itself.
EXPORT_COLUMNS = ("sf__Error", "code", "fields", "job_id", "attempt")


def write_csv(path: Path, rows: Iterable[StoredFailedRow], headers: list[str]) -> int:
    """Write the failed rows of one stream as CSV.

    Args:
        path: File to write. Only its owner may read it, because rows are customer data.
        rows: The rows; cells without a value are left empty.
        headers: The columns of the rows, in order.

    Returns:
        The number of rows written.
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
