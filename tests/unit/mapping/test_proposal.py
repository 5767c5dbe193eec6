"""What is proposed beside what is written already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from crm_objects import describe, field

from target_salesforce_bulk.mapping.proposal import LEFT_OUT, WRITTEN, Proposal, Written, propose
from target_salesforce_bulk.mapping.suggest.table import Table
from target_salesforce_bulk.salesforce.sobject import SObject

KEY = field("Key__c:string", externalId=True, idLookup=True)
OTHER_KEY = field("Other_Key__c:string", externalId=True, idLookup=True)
CONTACT = SObject.from_json(describe("Contact", KEY))
COLUMNS = ("id", "surname", "mobile", "phone_no", "_fivetran_synced", "created_date")


def proposed(
    *columns: str, entry: dict[str, Any] | None = None, sobject: SObject = CONTACT, **more: Any
) -> Proposal:
    schema = {"properties": {each: {"type": ["null", "string"]} for each in columns or COLUMNS}}
    message = {"stream": "people", "schema": schema, "key_properties": ["id"]}
    written = Written(
        entry=entry or {}, own=more.pop("own", entry or {}), **more.pop("written", {})
    )
    table = Table.from_schema(message, {})
    return propose(table, {"Contact": sobject}, written, completes_key=True, **more)


def test_nothing_is_written_yet() -> None:
    """The key gets the only external ID; a column without a field is not named."""
    assert proposed().changes == {
        "object": "Contact",
        "operation": "upsert",
        "external_id_field": "Key__c",
        "field_mapping": {
            "id": "Key__c",
            "surname": "LastName",
            "mobile": "MobilePhone",
            "phone_no": "Phone",
        },
    }


def test_two_external_ids() -> None:
    """Which one is the key's is not guessed."""
    found = proposed(sobject=SObject.from_json(describe("Contact", KEY, OTHER_KEY)))

    assert "external_id_field" not in found.changes
    assert "id" not in found.changes["field_mapping"]


def test_what_is_written_stays() -> None:
    """The object, the operation, the key and the fields; they are not given to other columns."""
    entry = {
        "object": "Contact",
        "operation": "update",
        "external_id_field": "Key__c",
        "field_mapping": {"mobile": "Phone", "id": {"field": "Key__c", "nulls": "ignore"}},
    }
    found = proposed(entry=entry)
    fields = found.suggestion.fields

    assert found.changes == {"field_mapping": {"surname": "LastName"}}
    assert {name: fields[name].field for name in ("id", "mobile", "phone_no")} == {
        "id": "Key__c",
        "mobile": "Phone",
        "phone_no": None,
    }
    assert fields["mobile"].reason == WRITTEN


@pytest.mark.parametrize("rejected", ["", None, {"field": ""}])
def test_what_is_rejected_stays_so(rejected: Any) -> None:
    """It is not suggested again, and its field is free for another column."""
    first = proposed("mobile", "mobile_phone", entry={"field_mapping": {"mobile_phone": rejected}})

    assert first.suggestion.fields["mobile_phone"].field is None
    assert first.suggestion.fields["mobile_phone"].reason == LEFT_OUT
    assert first.changes["field_mapping"] == {"mobile": "MobilePhone"}


def test_a_second_time() -> None:
    """With the changes written, there is nothing to add."""
    changes = proposed().changes

    assert proposed(entry=changes).changes == {}


def test_a_score_that_is_too_low() -> None:
    """The field is shown, but not written."""
    found = proposed(min_score=0.93)

    assert found.suggestion.fields["surname"].field == "LastName"
    assert "surname" not in found.changes["field_mapping"]


def test_a_parent_fills_its_reference() -> None:
    """The field of a relationship is not suggested to another column."""
    entry = {"field_mapping": {"company": "Account.Key__c", "boss": "User:Owner.Email"}}
    account = next(each for each in CONTACT.fields if each.name == "AccountId")
    owner = next(each for each in CONTACT.fields if each.name == "OwnerId")
    written = Written(entry=entry, own=entry)

    assert [written.fills(each) for each in CONTACT.fields if each in (account, owner)] == [
        True
    ] * 2
    assert written.fills(replace(account, name="AccId", relationship_name="Account"))
    assert not written.fills(next(each for each in CONTACT.fields if each.name == "Email"))


@pytest.mark.parametrize(
    ("written", "left_out"),
    [
        ({}, {"account_id"}),
        ({"auto_map": False}, set()),
        ({"unmapped_fields": "error"}, {"account_id", "created_date", "_fivetran_synced"}),
    ],
)
def test_what_a_load_would_take(written: dict[str, Any], left_out: set[str]) -> None:
    """A column without a field is left out by name where its name alone would load or stop it."""
    found = proposed("id", "account_id", "created_date", "_fivetran_synced", written=written)
    mapping = found.changes["field_mapping"]

    assert {name for name, target in mapping.items() if target == ""} == left_out


def test_an_entry_with_a_pattern() -> None:
    """Its columns are repeated in the stream's own entry, which would hide them otherwise."""
    entry = {"object": "Contact", "operation": "insert", "field_mapping": {"mobile": "Fax"}}
    found = proposed("surname", "mobile", entry=entry, own={})

    assert found.changes == {"field_mapping": {"mobile": "Fax", "surname": "LastName"}}


def test_no_object() -> None:
    """Nothing is written."""
    message = {"stream": "people", "schema": {"properties": {"surname": {}}}}
    found = propose(Table.from_schema(message, {}), {}, Written(entry={}, own={}))

    assert (found.suggestion.object, found.changes) == (None, {})


def test_the_key_of_a_load_stays() -> None:
    """The declared key with its external ID goes before a column that identifies rows as well."""
    entry = {"object": "Contact", "field_mapping": {"id": "Key__c"}}
    found = proposed("id", "email", entry=entry)

    assert found.changes == {
        "operation": "upsert",
        "external_id_field": "Key__c",
        "field_mapping": {"email": "Email"},
    }
