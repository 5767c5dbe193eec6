"""The rows at a bookmark survive the journal, as far as a STATE covers them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.journal.database import Database
from target_salesforce_bulk.journal.top_rows import TopRow, TopRows, load_top, store_top

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD, NEW = ("A",), ("A", "B")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path)
    yield database
    database.close()


def make_top(*rows: tuple[bytes, tuple[str, ...], str | None]) -> TopRows:
    top = TopRows(value="2026-03-01")
    for fingerprint, layout, same_key in rows:
        top.add(fingerprint, layout, same_key)
    return top


def store(database: Database, top: TopRows, number: int, rows: int) -> None:
    with database.transaction() as db:
        store_top(db, "people", number, top, rows)


def test_a_row_has_the_number_of_its_layout() -> None:
    """Each layout is kept once, and the last row of a record is known."""
    top = make_top((b"1", OLD, "k"), (b"2", NEW, "k"), (b"3", OLD, None))

    assert (top.layouts, top.rows) == (
        [OLD, NEW],
        [TopRow(b"1", 0, "k"), TopRow(b"2", 1, "k"), TopRow(b"3", 0)],
    )
    assert top.last == {"k": TopRow(b"2", 1, "k")}


def test_they_come_back_as_far_as_the_newest_state_covers_them(database: Database) -> None:
    """What was added after it is not among them, and earlier STATE lines do not count."""
    top = make_top((b"1", OLD, None))
    store(database, top, 1, 1)
    top.add(b"2", NEW, None)
    top.add(b"3", NEW, None)
    store(database, top, 2, 2)

    found = load_top(database, "people")

    assert found is not None
    assert (found.value, found.layouts, found.rows) == (
        "2026-03-01",
        [OLD, NEW],
        [TopRow(b"1", 0), TopRow(b"2", 1)],
    )
    assert (found.set_id, found.stored) == (top.set_id, 2)


def test_rows_are_stored_once(database: Database) -> None:
    """A STATE that covers no more of them stores none again."""
    top = make_top((b"1", OLD, None), (b"2", OLD, None))
    for number in (1, 2):
        store(database, top, number, 2)

    rows = database.query("SELECT place, fingerprint FROM top_rows ORDER BY place")
    assert ([tuple(row) for row in rows], top.stored) == ([(0, b"1"), (1, b"2")], 2)


def test_earlier_rows_of_a_record_are_left_behind(database: Database) -> None:
    """Those that are left are stored as a set of their own when a STATE covers them."""
    store(database, make_top((b"1", OLD, "k"), (b"2", OLD, "l"), (b"3", OLD, "k")), 1, 3)

    found = load_top(database, "people")

    assert found is not None
    assert (found.rows, found.set_id, found.stored) == (
        [TopRow(b"2", 0, "l"), TopRow(b"3", 0, "k")],
        None,
        0,
    )


def test_another_stream_has_none(database: Database) -> None:
    """Each has a bookmark of its own."""
    store(database, make_top((b"1", OLD, None)), 1, 1)

    assert load_top(database, "others") is None
