"""What can be picked for a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.editor.fields import object_as_json

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.objects import Objects


def test_fields_and_parents(objects: Objects) -> None:
    """What nobody can write is left out; a parent whose object is known is found by its keys."""
    found = object_as_json(objects.sobject("Contact"), objects.sobject)

    assert found["keys"] == ["External_Id__c", "Email", "Id"]
    by_name = {each["name"]: each for each in found["fields"]}
    assert "CreatedDate" not in by_name
    assert by_name["LastName"] == {
        "name": "LastName",
        "label": "LastName",
        "type": "string",
        "required": True,
        "key": False,
        "create": True,
        "update": True,
    }
    assert by_name["AccountId"]["type"] == "lookup to Account"
    assert by_name["Account.External_Id__c"] == {
        "name": "Account.External_Id__c",
        "label": "Account, found by External ID",
        "type": "parent, by string",
        "required": False,
        "key": False,
        "create": True,
        "update": True,
    }
    assert [each for each in by_name if each.startswith("Owner.")] == []  # User is not known
