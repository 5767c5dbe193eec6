"""Follows the replication key of a stream, to know its rows at the newest value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.journal import fingerprints
from target_salesforce_bulk.journal.top_rows import NO_LINE, TopRows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_salesforce_bulk.journal.fingerprints import Layout


def comparable(value: Any) -> tuple[str, Any] | None:
    """A replication-key value in a form in which equal values are equal, and order is kept.

    Values of different kinds are not compared, so the kind comes first. None for null, and for
    what is no value of a replication key.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float | Decimal):
        return _number(str(value))
    if isinstance(value, datetime):
        return "time", _aware(value)
    if isinstance(value, date):
        return "time", datetime(value.year, value.month, value.day, tzinfo=UTC)
    return _text(value) if isinstance(value, str) else None


def _text(value: str) -> tuple[str, Any] | None:
    try:
        return "time", _aware(datetime.fromisoformat(value))
    except ValueError:
        return _number(value) or ("text", value)


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _number(text: str) -> tuple[str, Any] | None:
    if len(text) > 64:  # no key has so many digits
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return ("number", number) if number.is_finite() else None


class TopTracker:
    """The rows of one stream that have the newest replication-key value; reading thread only."""

    def __init__(self) -> None:
        self._carried: TopRows | None = None
        #: How many rows were carried.
        self._had = 0
        self.top: TopRows | None = None
        self._newest: tuple[str, Any] | None = None
        #: The newest value of the rows that came beside those left at the bookmark earlier.
        self._came: tuple[str, Any] | None = None

    @property
    def has_other_rows(self) -> bool:
        """Whether a row has come beside those that earlier runs left at the bookmark."""
        return self._came is not None

    def has_passed(self, bookmark: Any) -> bool:
        """Whether such a row has a newer value than a bookmark."""
        found = comparable(bookmark)
        return found is not None and self._came is not None and _is_newer(self._came, found)

    def carry(self, carried: TopRows | None) -> None:
        """Begin with the rows that earlier runs left at the bookmark: they stay while it does.

        Where other rows were carried before, those that have come since then stay as well.
        """
        before, had = self._carried, self._had
        self._carried, self._had = carried, 0 if carried is None else len(carried.rows)
        if self.top is not before:
            return
        self.top = carried
        self._newest = None if carried is None else comparable(carried.value)
        if before is not None and len(before.rows) > had:
            top = self._rows_of(before.value, comparable(before.value))
            for row in before.rows[had:]:
                top.add(row.fingerprint, before.layouts[row.layout], row.same_key)

    def _rows_of(self, value: Any, found: tuple[str, Any] | None) -> TopRows:
        """The rows of a value that is now the newest."""
        if found != self._newest or self.top is None:
            self.top, self._newest = TopRows(value=value), found
        return self.top

    def add(
        self,
        values: Sequence[Any],
        row: Callable[[int], tuple[bytes, str | None]],
        layout: Layout | None,
    ) -> None:
        """Take rows in their order.

        Args:
            values: Their replication-key values.
            row: The line and the key of the row at a place.
            layout: The headers of their lines; None where these are fingerprints.
        """
        newest = _newest(values)
        if newest is None:
            return
        value, places = newest
        found = comparable(value)
        if found is None:
            return
        if self._came is None or not _is_newer(self._came, found):
            self._came = found
        if not self._is_as_new(found):
            return
        top = self._rows_of(value, found)
        for place in places:
            line, same_key = row(place)
            if layout is None:
                top.add(line, NO_LINE, same_key)
            else:
                top.add(fingerprints.of_line(line), layout, same_key)

    def _is_as_new(self, found: tuple[str, Any]) -> bool:
        return self._newest is None or not _is_newer(self._newest, found)

    def at(self, bookmark: Any) -> tuple[TopRows, int] | None:
        """The rows at a bookmark, and how many there are now; None where it is another value."""
        if self.top is None or comparable(bookmark) != self._newest:
            return None
        return self.top, len(self.top.rows)


def _is_newer(one: tuple[str, Any], other: tuple[str, Any]) -> bool:
    """Whether a value is certainly newer than another; values of two kinds do not compare."""
    return one[0] == other[0] and bool(one[1] > other[1])


def _newest(values: Sequence[Any]) -> tuple[Any, list[int]] | None:
    """The newest of some values, and the places that have it."""
    if _compare_as_they_are(values):
        value = max(values)
        return value, [place for place, each in enumerate(values) if each == value]
    keys = [comparable(each) for each in values]
    known = [key for key in keys if key is not None]
    if not known:
        return None
    kind = known[-1][0]
    top = max(key for key in known if key[0] == kind)
    places = [place for place, key in enumerate(keys) if key == top]
    return values[places[0]], places


def _compare_as_they_are(values: Sequence[Any]) -> bool:
    """Whether values can be compared without reading them: texts of one form, or whole numbers."""
    kinds = set(map(type, values))
    if kinds == {int}:
        return True
    if kinds != {str} or len(set(map(len, values))) != 1:
        return False
    # Equally long texts of one format, as a tap writes them, are in the order of their values.
    return len({(each[10:11], each[19:20], each[-6:]) for each in values}) == 1 or (
        len(values[0]) == 10
    )
