"""Names are split into words."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.mapping.suggest.names import contains, expand, joined, shorter, split


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
        ("___", ()),
    ],
)
def test_split(name: str, words: tuple[str, ...]) -> None:
    """By case, digits and anything that is no letter; without accents and leading zeros."""
    assert split(name) == words


def test_expand() -> None:
    """One abbreviation may stand for several words."""
    assert expand(("cust", "dob"), {"dob": "birth date"}) == ("cust", "birth", "date")


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
