"""The place of refused rows among the rows of their batch."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.failed_rows import read_refused
from target_salesforce_bulk.journal.order import Written, left_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.journal.failed_rows import FailedRow
    from target_salesforce_bulk.loading.preparing.merge import SameRecords

#: Stands for the place of a refused row that names no record.
NO_PLACE = -1


def mark_overwritten(
    batch: Batch, rows: SameRecords, places: Sequence[int], repeated: set[int]
) -> None:
    """Note with each refused row of a batch what later rows of its record say.

    Whatever becomes of those, they stand for it: loaded, stored as failed or sent again. The file
    is replaced in one step, and keeps its lines.

    Args:
        batch: The batch, before its rows are merged.
        rows: Where its rows to be sent are.
        places: How many of them stood before each refused row.
        repeated: Hashes of the keys that more than one row has.
    """
    if not any(hash(row.same_key) in repeated for row in read_refused(batch.refused)):
        return
    later = _refused_by_record(batch, repeated)
    draft = batch.refused.with_suffix(".marking")
    with draft.open("w", encoding="utf-8") as file:
        draft.chmod(0o600)
        for row, place in zip(read_refused(batch.refused), places, strict=True):
            if place != NO_PLACE and hash(row.same_key) in repeated:
                later[row.same_key].pop(0)
                row = _marked(batch, row, rows, place, later[row.same_key])  # noqa: PLW2901
            file.write(row.to_json() + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(batch.refused)


def _refused_by_record(batch: Batch, repeated: set[int]) -> dict[str | None, list[Written]]:
    """What the refused rows of each record say, in order."""
    found: dict[str | None, list[Written]] = {}
    for row in read_refused(batch.refused):
        if row.same_key is not None and hash(row.same_key) in repeated:
            found.setdefault(row.same_key, []).append(_written(batch, row.row))
    return found


def _marked(
    batch: Batch, row: FailedRow, rows: SameRecords, place: int, refused: list[Written]
) -> FailedRow:
    headers = [column.header for column in batch.plan.columns]
    sent = rows.since(str(row.same_key), place)
    newer = [_written(batch, dict(zip(headers, cells, strict=True))) for cells in sent]
    newer += refused
    if not newer:
        return row
    fields = frozenset[str]().union(*(each.fields for each in newer))
    deletes = batch.plan.operation.only_ids
    written = Written(fields=fields, deletes=deletes)
    left = left_of(row.row, batch.plan.key_field, written, loaded=False)
    return replace(row, overwritten=tuple(sorted(fields)), superseded=left is None)


def _written(batch: Batch, cells: dict[str, str]) -> Written:
    deletes = batch.plan.operation.only_ids
    return Written.by(cells, batch.plan.key_field, deletes=deletes)
