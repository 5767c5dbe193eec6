"""Leaves out of a child batch what newer rows of the same records have written meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.rows.csvfile import CsvFile, read_raw

if TYPE_CHECKING:
    from target_salesforce_bulk.journal.batch import Batch


def drop_newer(batch: Batch, newer: set[str], names: list[str]) -> tuple[int, int]:
    """Leave out the rows of a child batch whose records have been written anew meanwhile.

    Args:
        batch: The child batch.
        newer: Keys that later batches have written, in the form in which keys compare.
        names: The key of each row, in that form and in order.

    Returns:
        Rows and bytes that are left to be sent.
    """
    total = (0, 0)
    upload = batch.upload
    for path in {batch.csv, upload}:
        draft = path.with_suffix(".dropping")
        draft.unlink(missing_ok=True)
        rows = read_raw(path)
        file = CsvFile.create(draft, next(rows)[0])
        for name, (line, _) in zip(names, rows, strict=True):
            if name not in newer:
                file.write(line)
        file.seal()
        draft.replace(path)
        if path == upload:
            total = (file.rows, file.size)
    return total
