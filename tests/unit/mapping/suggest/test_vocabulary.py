"""The vocabulary is consistent and understands five languages."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.mapping.suggest.vocabulary import vocabulary


def fields(phrase: str, sobject: str) -> list[str]:
    words = vocabulary()
    found = words.meanings.get(words.key(phrase), [])
    return [field for each in found for field in each.fields_of(sobject)[:1]]


@pytest.mark.parametrize(
    "phrase", ["last name", "Nachname", "nom de famille", "apellido", "SOBRENOME", "lst_nm"]
)
def test_languages(phrase: str) -> None:
    """English, German, French, Spanish, Portuguese, and abbreviations."""
    assert {*fields(phrase, "Contact")} == {"LastName"}


@pytest.mark.parametrize(
    ("phrase", "field"),
    [
        ("billing_city", "BillingCity"),
        ("shipping_address_city", "ShippingCity"),
        ("rechnungsadresse_ort", "BillingCity"),
    ],
)
def test_places(phrase: str, field: str) -> None:
    """A qualifier and a part make the name of an address field."""
    assert fields(phrase, "Account") == [field]


def test_a_field_of_one_object() -> None:
    """`company` is a field of a Lead, the name of an Account, and nothing of a Contact."""
    assert [fields("company", each) for each in ("Lead", "Account", "Contact")] == [
        ["Company"],
        ["Name"],
        [],
    ]


def test_the_rank_is_the_place_in_the_list() -> None:
    """Of two columns with the same meaning, the more usual name is preferred."""
    words = vocabulary()
    first, later = (words.meanings[words.key(each)][0] for each in ("email", "work email"))

    assert first.fields == later.fields
    assert first.rank < later.rank
