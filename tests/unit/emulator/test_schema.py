"""Objects and fields."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.emulator.org.schema import FieldSchema, Schema

if TYPE_CHECKING:
    from pathlib import Path

INVOICE: dict[str, Any] = {"name": "Invoice__c", "fields": [{"name": "Number__c", "type": "int"}]}


def names(schema: Schema, sobject: str) -> list[str]:
    found = schema.find(sobject)
    return [] if found is None else [each.name for each in found.fields]


def test_names_are_case_insensitive(schema: Schema) -> None:
    """Of objects, fields and relationships alike."""
    account = schema.find("ACCOUNT")
    assert account is not None
    found = (account.field("key__C"), account.reference("PARENT"))

    assert [each and each.name for each in found] == ["Key__c", "ParentId"]


def test_every_object_has_an_id(schema: Schema) -> None:
    """Also one whose description leaves it out."""
    assert names(schema, "Team") == ["Id", "Name", "Key__c"]


def test_required_fields(schema: Schema) -> None:
    """They can be written, cannot be null, and have no default."""
    required = {each.name: [field.name for field in each.required] for each in schema}

    assert required == {"Account": ["Name"], "Team": [], "User": []}


def test_indexed_fields(schema: Schema) -> None:
    """External IDs and unique fields."""
    indexed = {each.name: [field.name for field in each.indexed] for each in schema}

    assert indexed == {"Account": ["Key__c", "Group__c"], "Team": ["Key__c"], "User": ["Username"]}


def test_defaults_of_a_new_record() -> None:
    """The described default, and false for any other checkbox."""
    fields = [
        {"name": "A__c", "type": "boolean"},
        {"name": "B__c", "type": "boolean", "defaultValue": True},
        {"name": "C__c", "type": "picklist", "defaultValue": "New"},
        {"name": "D__c", "type": "string"},
    ]
    found = Schema([{"name": "Thing__c", "fields": fields}]).find("Thing__c")

    assert found is not None
    assert found.defaults == {"A__c": False, "B__c": True, "C__c": "New"}


def test_picklist_values_in_either_form() -> None:
    """Text, or as describe lists them, where inactive ones do not count."""
    listed = ["New", {"value": "Open"}, {"value": "Old", "active": False}]
    field = FieldSchema({"name": "P__c", "type": "picklist", "picklistValues": listed})

    assert field.picklist_values == ["New", "Open"]


@pytest.mark.parametrize("document", [INVOICE, [INVOICE], {"objects": [INVOICE]}])
def test_additional_objects(tmp_path: Path, document: Any) -> None:
    """One document, a list, or a list under `objects`."""
    path = tmp_path / "objects.json"
    path.write_text(json.dumps(document))
    schema = Schema.load(path)

    assert names(schema, "Invoice__c") == ["Id", "Number__c"]
    assert {each.name for each in schema} == {each.name for each in Schema.load()} | {"Invoice__c"}


@pytest.mark.parametrize("document", [7, None, [1], {"X": 3}, [{"name": "X"}], {"objects": ["X"]}])
def test_what_is_no_object_is_refused(tmp_path: Path, document: Any) -> None:
    """With what an object needs."""
    path = tmp_path / "objects.json"
    path.write_text(json.dumps(document))

    with pytest.raises(ValueError, match="an object needs a name and a list of fields"):
        Schema.load(path)


def test_an_object_is_replaced(tmp_path: Path) -> None:
    """By one of the same name in the file."""
    path = tmp_path / "objects.json"
    path.write_text(json.dumps({"name": "Contact", "fields": [{"name": "X__c", "type": "int"}]}))

    assert names(Schema.load(path), "Contact") == ["Id", "X__c"]


def test_a_field_is_removed(schema: Schema) -> None:
    """The other fields stay."""
    schema.remove_field("team", "KEY__C")

    assert names(schema, "Team") == ["Id", "Name"]


@pytest.mark.parametrize(("sobject", "field"), [("Nope", "Name"), ("Team", "Nope")])
def test_a_field_that_does_not_exist_is_not_removed(
    schema: Schema, sobject: str, field: str
) -> None:
    """The error names it."""
    with pytest.raises(ValueError, match=f"^The org has no field {sobject}.{field}.$"):
        schema.remove_field(sobject, field)
