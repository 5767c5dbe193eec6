"""The open batches of one stream, and the order in which rows of one record reach Salesforce.

Batches of an object are loaded in the order in which they were opened, and a batch has one
operation. So a row never goes to a batch while a batch that was opened later holds an older row of
the same record: what is open is sealed first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_salesforce_bulk.loading.preparing.open_batch import OpenBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from target_salesforce_bulk.loading.preparing.open_batch import RowWriter
    from target_salesforce_bulk.rows.csvfile import Lines
    from target_salesforce_bulk.rows.encoder import RowRefused
    from target_salesforce_bulk.singer.intake import Intake
    from target_salesforce_bulk.singer.key_order import Holder


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchLimits:
    """When a batch is full or old."""

    max_rows: float
    #: Bytes of the CSV with its header.
    max_bytes: int
    max_age_seconds: float


class OpenBatches:
    """Takes the rows of one stream; used by the reading thread only.

    Args:
        intake: Opens batches, and takes those that are sealed.
        limits: When a batch is sealed.
        writes: What turns records into rows to write.
        deletes: What turns records into rows to delete; None if the stream deletes nothing.
        others: The other streams that write the same records, whenever this one is about to.
    """

    def __init__(
        self,
        intake: Intake,
        limits: BatchLimits,
        *,
        writes: RowWriter,
        deletes: RowWriter | None,
        others: Callable[[], Sequence[Holder]],
    ) -> None:
        self._intake = intake
        self._limits = limits
        self._writes = writes
        self._deletes = deletes
        self._others = others
        #: Hashes of the keys in the open batch of deletes.
        self._deleted_keys: set[int] = set()
        #: Hashes of the keys in the open batches, where another stream writes the same records.
        self._open_keys: set[int] = set()

    @property
    def has_deletes(self) -> bool:
        """Whether the open batch of deletes has a row."""
        return bool(self._deleted_keys)

    @property
    def key(self) -> str | None:
        """The field that says which record a row belongs to; None for inserts."""
        return (self._writes if self._deletes is None else self._deletes).plan.key

    def same_key(self, key: str | None) -> str | None:
        """A row's key in the form in which keys compare."""
        if key is None:
            return None
        return (self._writes if self._deletes is None else self._deletes).same_key(key)

    def holds_any(self, keys: Collection[int]) -> bool:
        """Whether an open batch has a row of any of these keys, given by their hashes."""
        return not self._open_keys.isdisjoint(keys)

    def longest_row(self, writer: RowWriter) -> int:
        """Bytes of the longest row that fits into a batch of its own."""
        return self._limits.max_bytes - len(writer.encoder.header) - writer.reserve(1)

    def add(self, writer: RowWriter, row: bytes, key: str | None) -> None:
        """Add a row to the open batch of a writer."""
        keys = () if key is None else (key,)
        hashes = self._keep_order(writer, keys)
        batch = self._batch(writer)
        if not batch.fits(len(row), self._limits.max_bytes):
            self.seal()
            batch = self._batch(writer)
        batch.write(row, keys)
        self._open_keys |= hashes
        if writer is self._deletes:
            # After its batch is open: opening that may have sealed an earlier one.
            self._deleted_keys.add(self._key_hash(key))

    def refuse(
        self, writer: RowWriter, row: dict[str, str], key: str | None, refusal: RowRefused
    ) -> None:
        """Keep a row that our own checks refused with the open batch of a writer."""
        hashes = self._keep_order(writer, () if key is None else (key,))
        self._batch(writer).refuse(row, key, refusal)
        self._open_keys |= hashes

    def add_lines(self, lines: Lines, keys: list[str], start: int, last: int) -> int:
        """Add lines of rows to write, as many as the open batch takes.

        Args:
            lines: The lines.
            keys: Their keys; none for inserts.
            start: The place of the first line to add.
            last: The place after the last one.

        Returns:
            The place after the last line added; `start` if that line fits into no batch.
        """
        writer, end = self._writes, last
        hashes = self._keep_order(writer, keys[start:last])
        while True:
            batch = self._batch(writer)
            end = int(min(end, start + writer.row_limit - batch.rows))
            data = lines.encoded(start, end)
            if batch.fits(len(data), self._limits.max_bytes, rows=end - start):
                batch.write(data, keys[start:end], rows=end - start)
                self._open_keys |= hashes
                return end
            if end - start > 1:
                end = (start + end) // 2
            elif len(data) > self.longest_row(writer):
                return start
            else:
                self.seal()
                end = last

    def seal(self) -> None:
        """Hand over what is open: the writes first, then the deletes of what they wrote."""
        for writer in (self._writes, self._deletes):
            if writer is not None and writer.open is not None:
                closed, writer.open = writer.open, None
                if self._intake.is_stopped(writer.plan.stream):
                    closed.discard()
                else:
                    self._intake.hand_over(closed.batch, **closed.seal())
        self._deleted_keys.clear()
        self._open_keys.clear()

    def discard(self) -> None:
        """Close what is open; it will not be sent."""
        for writer in (self._writes, self._deletes):
            if writer is not None and writer.open is not None:
                closed, writer.open = writer.open, None
                closed.discard()

    def seal_old(self) -> float:
        """Seal the open batches if one is old enough; the seconds until one may be."""
        limit = self._limits.max_age_seconds
        writers = (self._writes, self._deletes)
        ages = [w.open.age_seconds() for w in writers if w is not None and w.open is not None]
        if ages and max(ages) >= limit:
            self.seal()
            return limit
        return limit - max(ages, default=0.0)

    def _batch(self, writer: RowWriter) -> OpenBatch:
        """The batch of a writer that takes the next row."""
        if writer.open is not None and (
            writer.open.rows >= writer.row_limit
            or writer.open.age_seconds() >= self._limits.max_age_seconds
        ):
            self.seal()
        if writer.open is None:
            if writer is self._writes and self.has_deletes:
                self.seal()  # later deletes of what is written now need a later batch
            batch = self._intake.open_batch(writer.plan)
            writer.open = OpenBatch(batch, writer)
            self._intake.watch_position(batch, writer.open.position)
            writer.row_limit = self._intake.row_limit(batch, self._limits.max_rows)
        return writer.open

    def _keep_order(self, writer: RowWriter, keys: Sequence[str]) -> set[int]:
        """Seal what is in other batches of the records that are about to be written.

        Returns:
            What `_open_keys` must hold once the rows are in a batch; opening one may clear it.
        """
        if not keys:
            return set()
        deleted = self._deleted_keys if writer is self._writes else ()
        if deleted and any(self._key_hash(key) in deleted for key in keys):
            self.seal()
        others = self._others()
        if not others:
            return set()
        hashes = {self._key_hash(key) for key in keys}
        same_keys = {same_key for key in keys if (same_key := self.same_key(key)) is not None}
        for other in others:
            other.give_way(same_keys)
        if holding := [other for other in others if other.holds_any(hashes)]:
            for other in holding:
                other.seal()
            self.seal()  # a batch that was opened before theirs must not take these rows
        return hashes

    def _key_hash(self, key: str | None) -> int:
        return hash(self.same_key(key or ""))
