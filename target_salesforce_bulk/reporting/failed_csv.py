"""The CSV of failed rows, for Data Loader or a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import IO, TYPE_CHECKING

from target_salesforce_bulk.private_files import rewrite
from target_salesforce_bulk.reporting.spreadsheet import escape_formula

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from target_salesforce_bulk.journal.failed_rows import StoredFailedRow


#: Columns of the CSV before those of the row itself.
EXPORT_COLUMNS = ("sf__Error", "code", "fields", "job_id", "attempt")


def write_csv(
    path: Path, rows: Iterable[StoredFailedRow], headers: list[str], *, escape: bool
) -> int:
    """Write the failed rows of one stream as CSV.

    Args:
        path: File to write. Only its owner may read it, because rows are customer data.
        rows: The rows; cells without a value are left empty.
        headers: The columns of the rows, in order.
        escape: Whether cells that look like formulas are escaped.

    Returns:
        The number of rows written.
    """
    with rewrite(path) as target:
        file = io.TextIOWrapper(target, encoding="utf-8", newline="")
        written = FailedCsv(file, [], headers, escape=escape).write_all(rows)
        file.detach()  # which writes what is left, and does not close
    return written


class FailedCsv:
    """Writes failed rows as lines of a CSV.

    Args:
        file: Where to.
        more: Attributes of the rows that come before the other columns.
        headers: The columns of the rows, in order.
        escape: Whether cells that look like formulas are escaped.
        line_end: What ends a line.
    """

    def __init__(
        self,
        file: IO[str],
        more: list[str],
        headers: list[str],
        *,
        escape: bool,
        line_end: str = "\r\n",
    ) -> None:
        self._writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator=line_end)
        self._more = more
        self._headers = headers
        self._escape = escape

    def write_all(self, rows: Iterable[StoredFailedRow]) -> int:
        """Write the header and the rows; returns the number of rows."""
        self._write([*self._more, *EXPORT_COLUMNS, *self._headers])
        written = 0
        for row in rows:
            self._write(self._cells(row))
            written += 1
        return written

    def _cells(self, row: StoredFailedRow) -> list[str]:
        return [
            *(str(getattr(row, name)) for name in self._more),
            f"{row.code}: {row.message}",
            row.code,
            ",".join(row.fields),
            row.job_id or "",
            str(row.attempt),
            *(row.row.get(name, "") for name in self._headers),
        ]

    def _write(self, cells: list[str]) -> None:
        self._writer.writerow(map(escape_formula, cells) if self._escape else cells)
