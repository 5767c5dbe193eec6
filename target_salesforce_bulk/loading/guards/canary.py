"""Canaries: the first batch of each stream, kept small to test whether its rows load at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_salesforce_bulk.journal.batch import Batch


class Canaries:
    """Knows which batches are canaries.

    The reading thread adds a batch before the loader's threads get it; they only look it up.

    Args:
        rows: Maximum rows of a canary; None for no canaries.
    """

    def __init__(self, rows: int | None) -> None:
        self._rows = rows
        self._streams: set[str] = set()
        self._batches: set[int] = set()

    def opened(self, batch: Batch) -> None:
        """Make the first batch of each stream a canary."""
        if self._rows is not None and batch.plan.stream not in self._streams:
            self._streams.add(batch.plan.stream)
            self._batches.add(batch.id)

    def __contains__(self, batch: Batch) -> bool:
        return batch.id in self._batches

    def row_limit(self, batch: Batch, limit: float) -> float:
        """Maximum number of rows of a batch, given the limit of all batches."""
        if self._rows is None or batch not in self:
            return limit
        return min(limit, self._rows)
