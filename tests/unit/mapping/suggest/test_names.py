"""Names are split into words."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.mapping.suggest.names import (
    contains,
    expand,
    joined,
    loose,
    segment,
    shorter,
    split,
)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("AddressCity1", ("address", "city", "1")),
        ("address__city_01", ("address", "city", "1")),
        ("HQ_CITY", ("hq", "city")),
        ("ORT01", ("ort", "1")),
        ("linkedInURL", ("linked", "in", "url")),
        ("Straße", ("strasse",)),
        ("prénom", ("prenom",)),
        ("Gru\u0308ndung", ("gruendung",)),
        ("___", ()),
    ],
)
def test_split(name: str, words: tuple[str, ...]) -> None:
    """By case, digits and anything that is no letter; without accents and leading zeros."""
    assert split(name) == words


def test_expand() -> None:
    """One abbreviation may stand for several words."""
    assert expand(("cust", "dob"), {"dob": "birth date"}) == ("cust", "birth", "date")


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("custfname", ("cust", "fname")),
        ("companyid", ("company", "id")),
        ("company", ("company",)),
        ("companion", ("companion",)),
        ("company" * 20, ("company" * 20,)),
    ],
)
def test_segment(word: str, words: tuple[str, ...]) -> None:
    """Known words written together are told apart; all letters must belong to one."""
    assert segment(word, {"cust", "fname", "company"}, {"id"}) == words


def test_loose() -> None:
    """Order, plural and little words make no difference, but a little word alone counts."""
    assert loose(("dates", "of", "birth"), {"of"}) == ("birth", "date")
    assert loose(("companies", "address"), {"of"}) == ("address", "company")
    assert loose(("of",), {"of"}) == ("of",)


def test_joined() -> None:
    """Spaces make no difference."""
    assert joined(("first", "name")) == joined(("firstname",))


def test_shorter() -> None:
    """Words are left out at both ends, but never all, and each with its price."""
    assert list(shorter(("c", "city", "name"), {"c"}, {"name"})) == [
        (("c", "city", "name"), 0),
        (("c", "city"), 1),
        (("city", "name"), 1),
        (("city",), 2),
    ]
    assert list(shorter(("c",), {"c"}, {"c"})) == [(("c",), 0)]
    assert list(shorter((), {"c"}, {"c"})) == []


def test_contains() -> None:
    """Whole words only."""
    assert contains(("time", "zone", "id"), ["zone id"]) == "zone id"
    assert contains(("timezone",), ["zone"]) is None
