"""Objects come back from Meltano as they were written."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from target_salesforce_bulk.configuration.meltano import nested, whole_streams
from target_salesforce_bulk.settings import StreamSettings

SETTINGS = [each.name for each in dataclasses.fields(StreamSettings)]

#: As somebody wrote it into `meltano.yml`.
WRITTEN = {
    "crm-accounts": {"object": "Account", "batch_size_rows": 200, "auto_map": False},
    "crm.users": {
        "object": "Contact",
        "field_mapping": {
            "id": "External_Id__c",
            "email": {"field": "Email", "nulls": "ignore"},
            "address.city": "MailingCity",
            "updated_at": "",
        },
    },
}
#: As Meltano 3.9 and 4.4 pass it in a variable.
FLAT = {
    "crm-accounts.object": "Account",
    "crm-accounts.batch_size_rows": 200,
    "crm-accounts.auto_map": False,
    "crm.users.object": "Contact",
    "crm.users.field_mapping.id": "External_Id__c",
    "crm.users.field_mapping.email.field": "Email",
    "crm.users.field_mapping.email.nulls": "ignore",
    "crm.users.field_mapping.address.city": "MailingCity",
    "crm.users.field_mapping.updated_at": "",
}
#: As they pass it in a file.
SPLIT = {
    "crm-accounts": WRITTEN["crm-accounts"],
    "crm": {
        "users": {
            "object": "Contact",
            "field_mapping": {
                "id": "External_Id__c",
                "email": {"field": "Email", "nulls": "ignore"},
                "address": {"city": "MailingCity"},
                "updated_at": "",
            },
        }
    },
}


@pytest.mark.parametrize("streams", [WRITTEN, FLAT, SPLIT], ids=["written", "flat", "split"])
def test_streams_are_whole_again(streams: dict[str, Any]) -> None:
    """With their own dots and those of their properties."""
    assert whole_streams(streams, SETTINGS) == WRITTEN


@pytest.mark.parametrize(
    "streams",
    [
        "text",
        {"users": "text"},
        {"users": {"feild_mapping": {"id": "Id"}}},
        {"users": {"field_mapping": {"email": {"field": "Email", "nuls": "ignore"}}}},
        {"users": {"field_mapping": "text"}},
        {"users": {}},
    ],
)
def test_what_is_wrong_stays_as_it_is(streams: Any) -> None:
    """So that the validation names it as it was written."""
    assert whole_streams(streams, SETTINGS) == streams


def test_a_stream_map() -> None:
    """The stream's own name may hold dots."""
    flat = {"crm.users.name": "upper(name)", "crm.users.__alias__": "people", "logs": None}

    assert nested("stream_maps", flat) == {
        "crm.users": {"name": "upper(name)", "__alias__": "people"},
        "logs": None,
    }


def test_any_other_object() -> None:
    """Its dots are levels."""
    assert nested("stream_map_config", {"a.b.c": 1, "a.d": 2}) == {"a": {"b": {"c": 1}, "d": 2}}
