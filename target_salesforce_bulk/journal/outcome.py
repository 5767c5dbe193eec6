"""What became of the rows of a batch, as the journal asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.failed_rows import UNCERTAIN, UNPROCESSED, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.journal.batch import ChildDraft
    from target_salesforce_bulk.journal.failed_rows import FailedRow
    from target_salesforce_bulk.journal.order import Written


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedRow:
    """A row that was loaded, and what it wrote."""

    same_key: str
    written: Written


class Outcome(Protocol):
    """What became of the rows of a batch; asked in the order of the methods, each once."""

    def refused(self) -> Iterator[FailedRow]:
        """The rows that our own checks refused while the batch was filled."""

    def sent(self, *, loaded: bool) -> Iterator[FailedRow | LoadedRow]:
        """The other rows that did not arrive and are not sent again.

        Args:
            loaded: Whether the rows that did arrive are wanted among them.
        """

    def children(self) -> list[ChildDraft]:
        """The rows that are to be sent again."""

    def counts(self) -> Counts:
        """The sums."""


def sum_of(row: FailedRow, times: int = 1) -> Counts:
    """What a failed row adds to the sums of its batch."""
    if row.error.code == UNPROCESSED:
        return Counts(unprocessed=times)
    if row.error.code == UNCERTAIN:
        return Counts(uncertain=times)
    return Counts(failed=times, refused=times if row.origin is Origin.LOCAL else 0)
