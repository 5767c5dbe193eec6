"""Rows that wait for the first STATE, which tells whether an earlier run processed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


class UndecidedRows:
    """The waiting rows of one stream, in the order in which they came."""

    def __init__(self) -> None:
        #: What loads each row, after its key in the form in which keys compare.
        self._rows: list[tuple[str | None, Callable[[], None]]] = []

    def __bool__(self) -> bool:
        """Whether any row waits."""
        return bool(self._rows)

    def add(self, same_key: str | None, take: Callable[[], None]) -> None:
        """Keep a row.

        Args:
            same_key: Its key in the form in which keys compare; None if it has none.
            take: Judges the row again, and loads it unless an earlier run processed it.
        """
        self._rows.append((same_key, take))

    def same_keys(self) -> set[str]:
        """The keys of the waiting rows."""
        return {same_key for same_key, _ in self._rows if same_key is not None}

    def release(self, same_keys: Collection[str]) -> None:
        """Take the waiting rows of some records, before a newer row of theirs is loaded."""
        if self._rows:
            waiting, self._rows = self._rows, []
            self._rows = [each for each in waiting if each[0] not in same_keys]
            for same_key, take in waiting:
                if same_key in same_keys:
                    take()

    def release_all(self) -> None:
        """Take every waiting row: the first STATE has come."""
        waiting, self._rows = self._rows, []
        for _, take in waiting:
            take()
