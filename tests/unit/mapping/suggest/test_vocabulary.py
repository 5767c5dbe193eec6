"""The vocabulary is consistent and understands five languages."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.mapping.suggest.demands import DEMANDS
from target_salesforce_bulk.mapping.suggest.vocabulary import shipped, vocabulary


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
    ("name", "fields"),
    [
        ("billing_city", {"BillingCity"}),
        ("shipping_address_city", {"ShippingCity"}),
        ("rechnungsadresse_ort", {"BillingCity"}),
        ("ville_facturation", {"BillingCity"}),
        ("requester_name", {"SuppliedName"}),
        ("billing_name", set()),
    ],
)
def test_places(name: str, fields: set[str]) -> None:
    """A qualifier and a part make the name of an address field, in either order."""
    words = vocabulary()
    found = {each.fields[0] for each, _ in words.places(words.words(name))}

    assert found == fields


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


def test_words_that_are_written_together() -> None:
    """They are told apart by what the vocabulary knows, then abbreviations are replaced."""
    assert vocabulary().words("custfname") == ("customer", "first", "name")
    assert vocabulary().words("emailaddr") == ("email", "address")


def test_demands_are_known() -> None:
    """No concept or part demands values that nothing tells."""
    entries = [*shipped()["concepts"].values(), *shipped()["parts"].values()]

    assert {each["values"] for each in entries if "values" in each} <= set(DEMANDS)
