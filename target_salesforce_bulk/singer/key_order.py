"""Keeps the rows of one record in order, where several streams write the same object.

Batches of an object are loaded in the order in which they were opened. So before a row goes to one
batch, any other open batch with a row of the same record is sealed. And a row that comes again is
left out only where no other stream has written its record meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection


class Holder(Protocol):
    """Has open batches."""

    stream_name: str

    def holds_any(self, keys: Collection[int]) -> bool:
        """Whether an open batch has a row of any of these keys, given by their hashes."""

    def give_way(self, same_keys: Collection[str]) -> None:
        """Prepare for another stream to write the records with these comparable keys."""

    def leave_bookmark(self) -> None:
        """Leave out no more rows that come again at the bookmark."""

    def seal(self) -> None:
        """Seal the open batches."""


class KeyOrder:
    """Knows which streams write which object by which key; used by the reading thread only."""

    def __init__(self) -> None:
        self._holders: dict[tuple[str, str], dict[str, Holder]] = {}
        #: The streams that have written an object by a key.
        self._written: dict[tuple[str, str], set[str]] = {}

    def join(self, sobject: str, key: str | None, holder: Holder) -> None:
        """Add a stream, in place of itself with an earlier schema.

        Args:
            sobject: The object that it writes.
            key: The field that says which record a row belongs to; None for inserts.
            holder: Its sink.
        """
        if key is None:
            return
        holders = self._holders.setdefault((sobject, key), {})
        for other in holders.values():
            other.seal()  # which keys its open batches have was not watched so far
        holders[holder.stream_name] = holder
        if self._written.get((sobject, key), set()) - {holder.stream_name}:
            holder.leave_bookmark()  # which records were written is not known any more

    def others(self, sobject: str, key: str | None, holder: Holder) -> list[Holder]:
        """The other streams that write the same object by the same key as one that now does."""
        if key is not None:
            self._written.setdefault((sobject, key), set()).add(holder.stream_name)
        holders = self._holders.get((sobject, key or ""), {})
        return [each for name, each in holders.items() if name != holder.stream_name]
