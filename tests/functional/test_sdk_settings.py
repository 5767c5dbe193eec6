"""Settings that come from the SDK do what the SDK says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import record, schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

PROPERTIES = {
    "id": {"type": "string"},
    "last_name": {"type": "string"},
    "address": {"type": "object", "properties": {"mailing_city": {"type": "string"}}},
}
MESSAGES = [
    schema("people", PROPERTIES, "id"),
    record("people", id="1", last_name="Lovelace", address={"mailing_city": "London"}),
]


def people(**field_mapping: str) -> dict[str, Any]:
    mapping = {"id": "External_Id__c", **field_mapping}
    return {"people": {"object": "Contact", "field_mapping": mapping}}


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"flattening_separator": "-"}, "address-mailing_city"),
        ({"flattening_max_key_length": 20}, "add__mailing_city"),
    ],
)
def test_the_names_that_flattening_makes(
    org: Emulator, load: Callable[..., Result], settings: dict[str, Any], name: str
) -> None:
    """A property within another is mapped by the name with this separator, and of this length."""
    result = load(
        MESSAGES,
        streams=people(**{name: "MailingCity"}),
        flattening_enabled=True,
        flattening_max_depth=1,
        **settings,
    )

    assert result.code == 0, result.stderr
    assert [each["MailingCity"] for each in org.rows("Contact")] == ["London"]


def test_made_up_values_need_faker(org: Emulator, load: Callable[..., Result]) -> None:
    """It is no dependency: its settings are taken, and an expression that uses it is refused."""
    maps = {"people": {"last_name": "fake.last_name()", "id": "id"}}
    unused = load(MESSAGES, streams=people(), faker_config={"seed": 1})
    used = load(MESSAGES, streams=people(), faker_config={"seed": 1}, stream_maps=maps)

    assert (unused.code, used.code, org.count("Contact")) == (0, 1, 1)
    assert "fake" in used.last_line
