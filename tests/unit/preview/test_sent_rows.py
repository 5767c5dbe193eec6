"""What a preview of rows says is what a load would send."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from crm_objects import describe, field

from target_salesforce_bulk.errors import MappingError, NoKeyError
from target_salesforce_bulk.preview.sent_rows import (
    Refusal,
    SentRow,
    SentRows,
    sent_rows,
    stream_settings,
)
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.objects import KnownObjects, Objects
from target_salesforce_bulk.salesforce.sobject import Field, SObject

KEY = field("Key__c:string", externalId=True, idLookup=True, length=5)
CONTACT = SObject.from_json({**describe("Contact", KEY), "deletable": True})
ACCOUNT = SObject.from_json(describe("Account", KEY))
OBJECTS = Objects(KnownObjects([CONTACT, ACCOUNT]))


def sent(
    *records: dict[str, Any],
    properties: tuple[str, ...] = ("id", "born", "mail"),
    objects: Objects | None = OBJECTS,
    **entry: Any,
) -> SentRows:
    entry = {"object": "Contact", **entry}
    schema = {
        "stream": "people",
        "schema": {"properties": {each: {} for each in properties}},
        "key_properties": ["id"],
    }
    settings = stream_settings("people", {"streams": {"people": entry}})
    return sent_rows(schema, settings, records, objects)


MAPPING = {"id": "Key__c", "born": "Birthdate", "mail": "Email"}


def test_rows() -> None:
    """The header, and the cells by column; values are written by the types of the fields."""
    found = sent({"id": 1, "born": "2000-01-02T00:00:00Z", "mail": None}, field_mapping=MAPPING)

    assert found == SentRows(
        object="Contact",
        operation=Operation.UPSERT,
        key="Key__c",
        header=("Key__c", "Birthdate", "Email"),
        sources={"Key__c": "id", "Birthdate": "born", "Email": "mail"},
        unmapped=(),
        rows=(
            SentRow(
                operation=Operation.UPSERT,
                cells={"Key__c": "1", "Birthdate": "2000-01-02", "Email": "#N/A"},
            ),
        ),
    )


def test_refused_cells() -> None:
    """All of a row are named; the first is the one that a load reports."""
    (row,) = sent({"id": "123456", "born": "x", "mail": "a@b.c"}, field_mapping=MAPPING).rows

    assert row.cells == {"Key__c": "123456", "Birthdate": "x", "Email": "a@b.c"}
    assert [(each.column, each.field, each.code) for each in row.refusals] == [
        ("id", "Key__c", "STRING_TOO_LONG"),
        ("born", "Birthdate", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ]


def test_a_required_field() -> None:
    """On insert, a row without it is refused in its column."""
    fields = (
        Field(name="Birthdate", type="date"),
        Field(name="Team", type="string", nillable=False),
    )
    contact = SObject(name="Contact", fields=fields)
    (row,) = sent(
        {"born": None, "mail": None},
        properties=("born", "team"),
        objects=Objects(KnownObjects([contact])),
        operation="insert",
        field_mapping={"team": "Team"},
    ).rows

    assert row.refusals == (
        Refusal(
            column="team",
            field="Team",
            code="REQUIRED_FIELD_MISSING",
            message="Required fields are missing: [Team]",
        ),
    )


def test_deleted_records() -> None:
    """They become rows of another operation, with the key alone."""
    found = sent(
        {"id": "1", "_sdc_deleted_at": "2024-01-01T00:00:00Z"},
        {"id": "2", "_sdc_deleted_at": "soon"},
        properties=("id", "_sdc_deleted_at"),
        field_mapping={"id": "Key__c"},
        deletes="delete",
    )

    assert found.rows[0] == SentRow(operation=Operation.DELETE, cells={"Key__c": "1"})
    assert [(each.column, each.field, each.code) for each in found.rows[1].refusals] == [
        ("_sdc_deleted_at", "", "INVALID_FIELD")
    ]


def test_constants_and_what_is_left_out() -> None:
    """A constant has no source; a property without a field is named."""
    found = sent(
        {"id": "1", "odd": 1},
        properties=("id", "odd", "born"),
        field_mapping={"id": "Key__c", "s": {"field": "Title", "value": "Dr"}, "born": ""},
    )

    assert found.sources == {"Key__c": "id", "Title": None}
    assert found.rows[0].cells == {"Key__c": "1", "Title": "Dr"}
    assert [each.property for each in found.unmapped] == ["odd"]


def test_what_cannot_be_loaded() -> None:
    """The error is that of a load."""
    with pytest.raises(NoKeyError):
        sent({}, field_mapping={"born": "Birthdate"})
    with pytest.raises(MappingError) as caught:
        sent({}, field_mapping={"id": "Key__c", "born": "Birthday"})
    assert "Contact has no field Birthday" in str(caught.value)


def test_without_a_description() -> None:
    """Fields that the mapping names are texts, parents included; others are not mapped."""
    found = sent(
        {"id": Decimal("1.50"), "org": "a", "boss": "b@c.de", "mail": "x", "odd": 1},
        properties=("id", "org", "boss", "mail", "odd"),
        objects=None,
        object=None,
        field_mapping={
            "id": "Key__c",
            "org": "Account.Key__c",
            "boss": "User:Owner.Email",
            "mail": {"field": "Email"},
        },
    )

    assert found.unmapped == ()
    assert found.rows[0] == SentRow(
        operation=Operation.UPSERT,
        cells={"Key__c": "1.50", "Account.Key__c": "a", "User:Owner.Email": "b@c.de", "Email": "x"},
    )
