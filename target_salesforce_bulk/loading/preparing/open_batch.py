"""The batch that takes rows: its files, and what is known of it while they grow."""

from __future__ import annotations

import os
import time
from array import array
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.journal.failed_rows import FailedRow, Origin, RowError
from target_salesforce_bulk.journal.order import REFUSED
from target_salesforce_bulk.loading.preparing.merge import KeyWatch, SameRecords
from target_salesforce_bulk.loading.preparing.refused import NO_PLACE, mark_overwritten
from target_salesforce_bulk.private_files import UsingFiles
from target_salesforce_bulk.rows.canonical import canonical_key
from target_salesforce_bulk.rows.csvfile import CsvFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.rows.encoder import RowEncoder, RowRefused

#: `"003000000000000AAA",`
_ID_BYTES = 21


class RowWriter:
    """What records become rows by, and the batch that takes them."""

    def __init__(self, plan: LoadPlan, encoder: RowEncoder) -> None:
        self.plan = plan
        self.encoder = encoder
        self.open: OpenBatch | None = None
        #: Rows that the open batch takes.
        self.row_limit = float("inf")
        place = plan.key_index
        #: The form in which keys compare.
        self.same_key: Callable[[str], str] = (
            str if place is None else canonical_key(plan.columns[place].field)
        )

    def reserve(self, rows: int) -> int:
        """Bytes that rows may grow by when the Ids of their records are put in front."""
        return rows * _ID_BYTES + _ID_BYTES if self.plan.lookup else 0


class OpenBatch:
    """The files of a batch while rows are written to them."""

    def __init__(
        self, batch: Batch, writer: RowWriter, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.batch = batch
        self._writer = writer
        self._files = UsingFiles(batch.folder.parents[1])
        with self._files:
            self._file = CsvFile.create(batch.csv, writer.encoder.header)
        self._refused: Any = None
        self._refused_rows = 0
        #: How many rows stood before each refused one, where that names a record.
        self._refused_after = array("q")
        self._clock = clock
        self._opened_at = clock()
        self._watch = KeyWatch()
        self._key_place = batch.plan.key_index

    @property
    def rows(self) -> int:
        """Rows to be sent so far."""
        return self._file.rows

    def age_seconds(self) -> float:
        """Time since it was opened."""
        return self._clock() - self._opened_at

    def fits(self, size: int, max_bytes: int, *, rows: int = 1) -> bool:
        """Whether the batch stays within so many bytes with rows of this size."""
        return self._file.size + size + self._writer.reserve(self.rows + rows) <= max_bytes

    def write(self, lines: bytes, keys: Iterable[str], *, rows: int = 1) -> None:
        """Add rows."""
        with self._files:
            self._file.write(lines, rows)
        if self._key_place is not None:
            self._watch.add(map(self._writer.same_key, keys))

    def position(self) -> tuple[int, int]:
        """Rows to be sent and rows refused so far."""
        return self._file.rows, self._refused_rows

    def refuse(self, row: dict[str, str], key: str | None, refusal: RowRefused) -> None:
        """Keep a row that our own checks refused, beside those to be sent."""
        failed = FailedRow(
            row=row,
            key=key,
            same_key=self._writer.same_key(key) if key is not None else None,
            error=RowError(
                code=refusal.code, message=refusal.message, fields=tuple(refusal.fields)
            ),
            origin=Origin.LOCAL,
            position=REFUSED,
        )
        with self._files:
            if self._refused is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
                descriptor = os.open(self.batch.refused, flags, 0o600)
                self._refused = os.fdopen(descriptor, "w", encoding="utf-8")
            self._refused.write(failed.to_json() + "\n")
        self._refused_rows += 1
        if failed.same_key is not None and self._key_place is not None:
            self._watch.add((failed.same_key,))
            self._refused_after.append(self._file.rows)
        else:
            self._refused_after.append(NO_PLACE)

    def seal(self) -> dict[str, int]:
        """Bring everything to disk; the facts that the journal keeps of it.

        Raises:
            StateDirectoryError: it cannot be brought there.
        """
        with self._files:
            return self._seal()

    def _seal(self) -> dict[str, int]:
        if self._refused is not None:
            self._refused.flush()
            os.fsync(self._refused.fileno())
            self._refused.close()
        self._file.seal()
        merged = self._merge() if self._key_place is not None else 0
        return {
            "rows": self._file.rows - merged,
            "size": self.batch.csv.stat().st_size,
            "merged": merged,
        }

    def _merge(self) -> int:
        """Leave one row of each record; how many rows were left out of those to be sent."""
        repeated = self._watch.repeated()
        if not repeated:
            return 0
        same_key, place = self._writer.same_key, self._key_place or 0
        rows = SameRecords(self.batch.csv, repeated, lambda cells: same_key(cells[place]))
        mark_overwritten(self.batch, rows, self._refused_after, repeated)
        return rows.merge()

    def discard(self) -> None:
        """Close the files of a batch that will not be sent."""
        self._file.discard()
        if self._refused is not None:
            self._refused.close()
