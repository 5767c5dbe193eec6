"""Leaves out of a child batch what newer rows of the same records have written meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.order import left_of
from target_salesforce_bulk.loading.settling.sent_rows import row_keys
from target_salesforce_bulk.rows.csvfile import CsvFile, encode_row, read_raw

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.journal.order import Written


def leave_out_newer(batch: Batch, overwritten: Mapping[str, Written]) -> tuple[int, int]:
    """Leave out the cells of a child batch that newer rows have written, and rows of no cells.

    Doing it twice does no harm, so a crash may come between any two steps.

    Args:
        batch: The child batch.
        overwritten: What newer rows have written, by key in the form in which keys compare.

    Returns:
        Rows and bytes that are left to be sent.
    """
    own_upload = batch.folder / "upload.csv"
    own_upload.unlink(missing_ok=True)  # it may be in another order
    file = _rewrite(batch, overwritten)
    places = batch.plan.sent_columns
    if places is None:
        return file.rows, file.size
    upload = _copy_columns(batch.csv, own_upload, places)
    return upload.rows, upload.size


def _rewrite(batch: Batch, overwritten: Mapping[str, Written]) -> CsvFile:
    draft = batch.csv.with_suffix(".dropping")
    draft.unlink(missing_ok=True)
    rows = read_raw(batch.csv)
    line, header = next(rows)
    file = CsvFile.create(draft, line)
    for key, (line, cells) in zip(row_keys(batch.plan, batch.csv), rows, strict=True):
        newer = overwritten.get(key)
        if newer is None:
            file.write(line)
            continue
        left = left_of(
            dict(zip(header, cells, strict=True)),
            batch.plan.key_field,
            newer,
            deletes=batch.plan.operation.only_ids,
            loaded=True,
        )
        if left is not None:
            file.write(encode_row(left.values()))
    file.seal()
    draft.replace(batch.csv)
    return file


def _copy_columns(source: Path, target: Path, places: list[int]) -> CsvFile:
    rows = read_raw(source)
    _, header = next(rows)
    file = CsvFile.create(target, encode_row(header[place] for place in places))
    for _, cells in rows:
        file.write(encode_row(cells[place] for place in places))
    file.seal()
    return file
