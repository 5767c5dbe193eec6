"""The place of refused rows among the rows of their batch."""

from __future__ import annotations

import os
from bisect import bisect_left
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
    records = _records(batch, rows, repeated)
    if not records:
        return
    draft = batch.refused.with_suffix(".marking")
    with draft.open("w", encoding="utf-8") as file:
        draft.chmod(0o600)
        for row, place in zip(read_refused(batch.refused), places, strict=True):
            record = None if place == NO_PLACE else records.get(row.same_key)
            marked = row if record is None else _marked(batch, row, record.later_than(place))
            file.write(marked.to_json() + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(batch.refused)


class _Record:
    """What the rows of one record say, of which some were refused."""

    def __init__(self, sent: list[tuple[int, frozenset[str]]]) -> None:
        self._numbers = [number for number, _ in sent]
        self._sent = _from_each_on([fields for _, fields in sent])
        self.refused: list[frozenset[str]] = []
        self._passed = 0
        self._later_refused: list[frozenset[str]] = []

    def later_than(self, place: int) -> frozenset[str] | None:
        """What rows after the next refused one say; None where there is none."""
        if not self._passed:
            self._later_refused = _from_each_on(self.refused)
        self._passed += 1
        sent = bisect_left(self._numbers, place)
        if sent == len(self._numbers) and self._passed == len(self.refused):
            return None
        return self._sent[sent] | self._later_refused[self._passed]


def _from_each_on(fields: list[frozenset[str]]) -> list[frozenset[str]]:
    """What is said from each place to the end, and at the end."""
    found = [frozenset[str]()]
    for each in reversed(fields):
        found.append(found[-1] if each <= found[-1] else found[-1] | each)
    return found[::-1]


def _records(batch: Batch, rows: SameRecords, repeated: set[int]) -> dict[str | None, _Record]:
    """The records that a refused row and another row speak of."""
    found: dict[str | None, _Record] = {}
    for row in read_refused(batch.refused):
        key = row.same_key
        if key is None or hash(key) not in repeated:
            continue
        if key not in found:
            found[key] = _Record(
                [(number, _fields(batch, cells)) for number, cells in rows.of(key)]
            )
        found[key].refused.append(_written(batch, row.row))
    return found


def _marked(batch: Batch, row: FailedRow, later: frozenset[str] | None) -> FailedRow:
    if later is None:
        return row
    written = Written(fields=later, deletes=batch.plan.operation.only_ids)
    left = left_of(row.row, batch.plan.key_field, written, loaded=False)
    return replace(row, overwritten=tuple(sorted(later)), superseded=left is None)


def _fields(batch: Batch, cells: list[str]) -> frozenset[str]:
    headers = (column.header for column in batch.plan.columns)
    return _written(batch, dict(zip(headers, cells, strict=True)))


def _written(batch: Batch, row: dict[str, str]) -> frozenset[str]:
    return Written.by(row, batch.plan.key_field, deletes=False).fields
