"""Describe documents."""

from __future__ import annotations

from target_salesforce_bulk.emulator.http.describe import describe, describe_global
from target_salesforce_bulk.emulator.org.schema import ObjectSchema, Schema


def thing(**facts: object) -> ObjectSchema:
    fields = [{"name": "Tier__c", "type": "picklist", **facts}]
    found = Schema([{"name": "Thing__c", "keyPrefix": "a01", "fields": fields}]).find("Thing__c")
    assert found is not None
    return found


def test_an_object_in_the_list_of_all() -> None:
    """What the schema says, beside what is the same for all objects."""
    found = describe_global(thing())

    assert {name: found[name] for name in ("name", "label", "labelPlural", "keyPrefix")} == {
        "name": "Thing__c",
        "label": "Thing__c",
        "labelPlural": "Thing__cs",
        "keyPrefix": "a01",
    }
    assert (found["custom"], found["queryable"]) == (True, True)


def test_a_document_adds_the_fields() -> None:
    """To the object's entry in the list of all objects."""
    found = describe(thing())
    fields = found.pop("fields")

    assert found == describe_global(thing()) | {"childRelationships": [], "recordTypeInfos": []}
    assert [each["name"] for each in fields] == ["Id", "Tier__c"]


def test_members_that_follow_from_others() -> None:
    """They are derived from name, type and length."""
    field = describe(thing(type="double", length=10))["fields"][1]
    derived = {name: field[name] for name in ("soapType", "custom", "byteLength", "nillable")}

    assert derived == {
        "soapType": "xsd:double",
        "custom": True,
        "byteLength": 30,
        "nillable": False,
    }


def test_picklist_values() -> None:
    """Short ones are spelled out, and the default is marked."""
    field = describe(thing(picklistValues=["Gold", "Wood"], defaultValue="Wood"))["fields"][1]
    same = {"active": True, "validFor": None}

    assert field["picklistValues"] == [
        {"label": "Gold", "value": "Gold", "defaultValue": False, **same},
        {"label": "Wood", "value": "Wood", "defaultValue": True, **same},
    ]
