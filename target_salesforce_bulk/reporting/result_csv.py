"""A result file of a job, for people to open."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.private_files import rewrite
from target_salesforce_bulk.redaction import redacted
from target_salesforce_bulk.reporting.spreadsheet import escape_formula
from target_salesforce_bulk.rows.csvfile import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ERROR = "sf__error"


def make_harmless(path: Path, *, escape: bool) -> None:
    """Hide secrets in the error texts of a result file, as Salesforce may repeat them.

    Args:
        path: The file, which is rewritten in place.
        escape: Whether cells that look like formulas are escaped.

    Raises:
        ResponseError: it is not CSV.
    """
    with rewrite(path) as target:
        file = io.TextIOWrapper(target, encoding="utf-8", newline="")
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        try:
            for row in _without_secrets(path):
                writer.writerow(map(escape_formula, row) if escape else row)
        except csv.Error as error:
            raise ResponseError(f"{path.stem} is not CSV: {error}") from None
        file.detach()  # which writes what is left, and does not close


def _without_secrets(path: Path) -> Iterator[list[str]]:
    rows = read_rows(path, strict=False)
    header = next(rows, None)
    if header is None:
        return
    yield header
    errors = {place for place, name in enumerate(header) if name.lower() == _ERROR}
    for row in rows:
        yield [redacted(cell) if place in errors else cell for place, cell in enumerate(row)]
