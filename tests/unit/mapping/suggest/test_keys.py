"""The column that identifies rows."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.mapping.suggest.keys import choose_key, choose_operation
from target_salesforce_bulk.mapping.suggest.table import Table
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.sobject import Field, SObject

CONTACT = SObject(
    name="Contact",
    fields=(
        Field(name="Id", type="id", id_lookup=True),
        Field(name="Email", type="email", id_lookup=True),
        Field(name="Erp__c", type="string", external_id=True),
        Field(name="LastName", type="string"),
    ),
)


def table(*columns: str, key: tuple[str, ...] = ()) -> Table:
    properties = {each: {"type": "string"} for each in columns}
    message = {"stream": "people", "schema": {"properties": properties}, "key_properties": key}
    return Table.from_schema(message, {})


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"mail": "Email", "erp": "Erp__c", "sf": "Id"}, "sf"),
        ({"mail": "Email", "erp": "Erp__c"}, "erp"),
        ({"mail": "Email"}, "mail"),
        ({"name": "LastName"}, "id"),
    ],
)
def test_a_field_that_identifies(fields: dict[str, str], key: str) -> None:
    """Id, an external ID, an email address, and then the key of the source."""
    assert choose_key(table(*fields, "id"), fields, CONTACT, {"contact"}) == key


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        (["owner_id", "contact_id"], "contact_id"),
        (["contactid"], "contactid"),
        (["contact_number", "owner_id"], "contact_number"),
        (["person_id", "contact_id", "id"], "id"),
        (["contact_key", "contact_number"], "contact_number"),
        (["owner_id", "internal_id"], "internal_id"),
        (["owner_id", "contact_key"], "contact_key"),
        (["owner_id", "city"], None),
    ],
)
def test_the_key_of_the_source(columns: list[str], key: str | None) -> None:
    """It is named after the record, not after another one."""
    assert choose_key(table(*columns), {}, CONTACT, {"contact", "internal"}) == key


def test_the_key_that_the_tap_declares() -> None:
    """If it is a single column."""
    assert choose_key(table("a", "id", key=("a",)), {}, CONTACT, ()) == "a"
    assert choose_key(table("a", "b", key=("a", "b")), {}, CONTACT, ()) is None


def test_operation() -> None:
    """Ids are known only of records that exist."""
    assert [choose_operation(*each) for each in ((None, None), ("a", "Id"), ("a", None))] == [
        Operation.INSERT,
        Operation.UPDATE,
        Operation.UPSERT,
    ]


def test_the_name_as_the_last_resort() -> None:
    """A number of the account goes before its name."""
    both = {"name": "Name", "no": "AccountNumber"}

    assert choose_key(table("title", "x"), both, CONTACT, ()) == "no"
    assert choose_key(table("title", "x"), {"name": "Name"}, CONTACT, ()) == "name"
