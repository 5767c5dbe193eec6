"""Rows that wait for the first STATE keep their order, and go before newer rows of their record."""

from __future__ import annotations

from functools import partial

from target_salesforce_bulk.singer.undecided import UndecidedRows


class Waiting:
    """Rows that say when they are taken."""

    def __init__(self, *same_keys: str | None) -> None:
        self.taken: list[int] = []
        self.rows = UndecidedRows()
        for number, same_key in enumerate(same_keys):
            self.rows.add(same_key, partial(self.taken.append, number))


def test_rows_of_a_record_are_released() -> None:
    """In their order; the others stay, and so does a row without a key."""
    waiting = Waiting("a", "b", None, "a")
    waiting.rows.release({"a"})
    first = list(waiting.taken)
    waiting.rows.release_all()

    assert (first, waiting.taken) == ([0, 3], [0, 3, 1, 2])
    assert not waiting.rows


def test_a_row_that_must_wait_again_is_not_lost() -> None:
    """What takes it may add it once more."""
    rows, taken = UndecidedRows(), list[str]()

    def undecided() -> None:
        rows.add("a", lambda: taken.append("a"))

    rows.add("a", undecided)
    rows.release({"a"})
    once = list(taken)
    rows.release_all()

    assert (once, taken) == ([], ["a"])


def test_the_records_that_wait() -> None:
    """Each once, without rows that name none."""
    assert Waiting("a", None, "b", "a").rows.same_keys() == {"a", "b"}
