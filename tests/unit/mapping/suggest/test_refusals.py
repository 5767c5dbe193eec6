"""What must get no field."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.mapping.suggest.refusals import doubt, is_identifier, refusal
from target_salesforce_bulk.mapping.suggest.table import Column
from target_salesforce_bulk.mapping.suggest.vocabulary import vocabulary


def column(name: str, *samples: Any, kind: str = "string") -> Column:
    return Column.of(name, {"type": ["null", kind]}, samples)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("_sdc_received_at", "metadata of the ingestion"),
        ("_anything", "metadata of the ingestion"),
        ("dbt_updated_at", "metadata of the ingestion"),
        ("owner_id", "an identifier of the source"),
        ("id_prospect", "an identifier of the source"),
        ("pwd", "a secret or a hash"),
        ("mot_de_passe", "a secret or a hash"),
        ("street_number", "only a part of a field"),
        ("email", None),
    ],
)
def test_names(name: str, reason: str | None) -> None:
    """By whole words of the name."""
    assert refusal(column(name), vocabulary()) == reason


def test_values() -> None:
    """Whatever the name is."""
    assert (
        refusal(column("email", "9e107d9d372bb6826bd81d3542a419d6"), vocabulary())
        == "values are hashes"
    )
    assert refusal(column("email", kind="array"), vocabulary()) == "values are arrays or objects"


def test_doubt() -> None:
    """A flag, a count or a time of the source is no field unless it is well known."""
    assert doubt(column("email_verified"), vocabulary()) == "a flag of the source"
    assert doubt(column("open_count"), vocabulary()) == "a count or a score of the source"
    assert doubt(column("email"), vocabulary()) is None


def test_is_identifier() -> None:
    """The last word, or `id` in front; `identity` is another word."""
    names = ["customer_sk", "id_cliente", "identity", "paid"]

    assert [is_identifier(column(each), vocabulary()) for each in names] == [
        True,
        True,
        False,
        False,
    ]
