"""Results are given to sent rows by values, then by echo; what fits several rows is in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.loading.settling.pairing import Pairing, Says

if TYPE_CHECKING:
    from collections.abc import Iterator

LOADED, FAILED = Says.LOADED, Says.NOT_LOADED
ROWS = [(0, b"e", b"1"), (1, b"e", b"2"), (2, b"f", b"3")]


@pytest.fixture
def pairing() -> Iterator[Pairing]:
    pairing = Pairing()
    pairing.add_sent(ROWS)
    yield pairing
    pairing.close()


def outcome(pairing: Pairing) -> list[tuple[int, str]]:
    pairing.pair()
    return list(pairing.not_loaded())


def test_a_result_with_the_values_of_a_row(pairing: Pairing) -> None:
    """It is that row's, though another has the same echo."""
    pairing.add_results([(b"e", b"2", FAILED, "no"), (b"e", b"1", LOADED, None)])

    assert outcome(pairing) == [(1, "no")]


def test_results_that_say_the_same_of_all_rows_of_an_echo(pairing: Pairing) -> None:
    """Which is whose does not matter."""
    pairing.add_results([(b"e", b"x", FAILED, "no"), (b"e", b"y", FAILED, "no")])

    assert outcome(pairing) == [(0, "no"), (1, "no")]


def test_results_that_differ_about_the_rows_of_an_echo(pairing: Pairing) -> None:
    """Nobody knows which row failed."""
    pairing.add_results([(b"e", b"x", FAILED, "no"), (b"e", b"y", LOADED, None)])
    paired = outcome(pairing)
    alike = pairing.count_alike()
    pairing.doubt_alike("doubt")

    assert (paired, alike) == ([], 2)
    assert list(pairing.not_loaded()) == [(0, "doubt"), (1, "doubt")]


def test_more_results_than_rows_of_an_echo(pairing: Pairing) -> None:
    """None of them is believed; rows of other echoes are not in doubt."""
    pairing.add_results([(b"f", b"3", FAILED, "no"), (b"f", b"3", LOADED, None)])
    pairing.add_results([(b"g", b"", FAILED, "no"), (b"e", b"1", FAILED, "no")])
    more = pairing.crowd()
    pairing.doubt_crowded("doubt")

    assert (more, outcome(pairing)) == (2, [(0, "no"), (2, "doubt")])


def test_rows_that_no_result_names(pairing: Pairing) -> None:
    """They are in doubt where every row must have a result."""
    pairing.add_results([(b"f", b"3", LOADED, None)])
    pairing.pair()
    pairing.doubt_rest("doubt")

    assert list(pairing.not_loaded()) == [(0, "doubt"), (1, "doubt")]


def test_echoes_of_which_all_was_loaded_are_left_out(pairing: Pairing) -> None:
    """They need no row."""
    pairing.add_results([(b"e", b"9", LOADED, None), (b"f", b"3", FAILED, "no")])
    pairing.leave_out_loaded()

    assert (pairing.crowd(), outcome(pairing)) == (0, [(2, "no")])
