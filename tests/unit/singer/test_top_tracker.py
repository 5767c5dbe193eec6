"""The rows at the newest replication-key value are known, whatever form its values have."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from target_salesforce_bulk.journal.top_rows import TopRows
from target_salesforce_bulk.singer.top_tracker import TopTracker, comparable

LAYOUT = ("A",)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (5, ("number", Decimal(5))),
        ("5.0", ("number", Decimal(5))),
        (Decimal("5.00"), ("number", Decimal(5))),
        ("2026-03-01T12:00:00Z", ("time", NOON)),
        ("2026-03-01T13:00:00+01:00", ("time", NOON)),
        ("2026-03-01 12:00:00", ("time", NOON)),
        (date(2026, 3, 1), ("time", datetime(2026, 3, 1, tzinfo=UTC))),
        ("abc", ("text", "abc")),
        (None, None),
        (True, None),
        ([1], None),
        ("NaN", ("text", "NaN")),
    ],
)
def test_values_compare_by_what_they_mean(value: Any, found: Any) -> None:
    """Equal values are equal in whatever notation; what is no position is none."""
    assert comparable(value) == found


def followed(*portions: list[Any]) -> TopTracker:
    tracker = TopTracker()
    for number, values in enumerate(portions):
        tracker.add(values, lambda place, n=number: (b"%d-%d" % (n, place), None), LAYOUT)
    return tracker


@pytest.mark.parametrize(
    ("portions", "bookmark", "rows"),
    [
        ([[1, 2, 2]], 2, 2),
        ([[1, 2], [2, 2]], 2, 3),
        ([[3, 3], [2]], 3, 2),
        ([["9", "10"]], 10, 1),
        ([["2026-03-01T12:00:00Z"], ["2026-03-01T13:00:00+01:00"]], "2026-03-01T12:00:00", 2),
        ([[None, None]], 1, None),
        ([[1]], 2, None),
    ],
)
def test_the_rows_at_the_bookmark(portions: Any, bookmark: Any, rows: int | None) -> None:
    """Over several portions; none where the bookmark is another value."""
    found = followed(*portions).at(bookmark)

    assert (None if found is None else found[1]) == rows


def test_rows_of_an_earlier_run_stay_while_the_bookmark_does() -> None:
    """And go when a newer value comes."""
    carried = TopRows(value=2)
    carried.add(b"x" * 16, LAYOUT, None)
    same, newer = TopTracker(), TopTracker()
    for tracker in (same, newer):
        tracker.carry(carried if tracker is same else TopRows(value=2))
    same.add([2], lambda _: (b"row", None), LAYOUT)
    newer.add([3], lambda _: (b"row", None), LAYOUT)

    assert same.at(2) == (carried, 2)
    assert (newer.at(2), newer.at(3) is not None) == (None, True)


@pytest.mark.parametrize(
    ("values", "has", "passed"),
    [
        ([2], True, False),
        ([1], True, False),
        ([3], True, True),
        (["3", 1], True, True),
        ([3, 1], True, True),
        (["x"], True, False),
        ([None], False, False),
    ],
)
def test_rows_beside_those_of_an_earlier_run(values: list[Any], has: bool, passed: bool) -> None:
    """Of any value; rows that are known already have none here."""
    tracker = TopTracker()
    tracker.carry(TopRows(value=2))
    assert (tracker.has_other_rows, tracker.has_passed(2)) == (False, False)
    for value in values:
        tracker.add([value], lambda _: (b"row", None), LAYOUT)

    assert (tracker.has_other_rows, tracker.has_passed(2)) == (has, passed)
