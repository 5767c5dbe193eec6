"""The copies of failed rows in the CSVs of earlier runs, which go when the rows are discarded."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from target_salesforce_bulk.private_files import UsingFiles, rewrite
from target_salesforce_bulk.reporting.failed_csv import EXPORT_COLUMNS
from target_salesforce_bulk.reporting.file_names import file_name
from target_salesforce_bulk.reporting.spreadsheet import escape_formula
from target_salesforce_bulk.rows.csvfile import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from target_salesforce_bulk.journal.failed_rows import StoredFailedRow

#: Columns of the CSV before those of the row.
_BEFORE = len(EXPORT_COLUMNS)


def delete_copies(state_dir: Path, rows: Iterable[StoredFailedRow]) -> list[Path]:
    """Delete the copies of failed rows from the CSVs of all runs.

    A copy has the same cells, whatever its error was in that run. A CSV without further rows is
    deleted.

    Args:
        state_dir: Folder of the org.
        rows: The failed rows.

    Returns:
        The CSVs that had any.

    Raises:
        StateDirectoryError: one of them cannot be read or written.
    """
    gone: dict[str, set[bytes]] = {}
    for row in rows:
        gone.setdefault(row.stream, set()).update(_forms(row.row))
    with UsingFiles(state_dir):
        return [
            path
            for stream, digests in gone.items()
            for path in sorted(state_dir.glob("failed/*/*.csv"))
            if path.name == f"{file_name(stream)}.csv" and _delete_from(path, digests)
        ]


def _delete_from(path: Path, digests: set[bytes]) -> bool:
    """Delete rows from a CSV; whether it had any of them."""
    total = left = 0
    for is_gone, _ in _marked(path, digests):
        total += 1
        left += not is_gone
    if left == total:
        return False
    if left == 0:
        path.unlink()
        with suppress(OSError):  # it holds the CSVs of other streams
            path.parent.rmdir()
    else:
        _keep_others(path, digests)
    return True


def _keep_others(path: Path, digests: set[bytes]) -> None:
    with rewrite(path) as target:
        file = io.TextIOWrapper(target, encoding="utf-8", newline="")
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(next(read_rows(path, strict=False)))
        writer.writerows(row for is_gone, row in _marked(path, digests) if not is_gone)
        file.detach()  # which writes what is left, and does not close


def _marked(path: Path, digests: set[bytes]) -> Iterator[tuple[bool, list[str]]]:
    """The rows of a CSV, each with whether it is to be deleted."""
    rows = read_rows(path, strict=False)
    headers = next(rows, [])[_BEFORE:]
    for row in rows:
        cells = dict(zip(headers, row[_BEFORE:], strict=False))
        yield _digest(cells) in digests, row


def _forms(row: Mapping[str, str]) -> Iterator[bytes]:
    """A row as a CSV may have it: with its formulas escaped, or not."""
    yield _digest(row)
    yield _digest({header: escape_formula(cell) for header, cell in row.items()})


def _digest(cells: Mapping[str, str]) -> bytes:
    """Equal for rows whose cells are equal: an empty cell is one that is missing."""
    filled = sorted((header, cell) for header, cell in cells.items() if cell)
    return hashlib.blake2b(json.dumps(filled).encode(), digest_size=16).digest()
