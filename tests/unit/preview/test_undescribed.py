"""Stand-ins for objects of which there is no description."""

from __future__ import annotations

from target_salesforce_bulk.preview.sent_rows import stream_settings
from target_salesforce_bulk.preview.undescribed import undescribed
from target_salesforce_bulk.salesforce.sobject import Field, SObject


def test_the_fields_of_a_mapping() -> None:
    """A key is one of the stream's, or the one that is set; each parent is an object."""
    mapping = {
        "id": "Key__c",
        "email": {"field": "Email", "nulls": "ignore"},
        "out": "",
        "org": "Account.Key__c",
        "boss": "User:Owner.Email",
    }
    entry = {"object": "Contact", "external_id_field": "Ext__c", "field_mapping": mapping}
    found = undescribed(stream_settings("a", {"streams": {"a": entry}}), ["id"])
    key = {"external_id": True, "id_lookup": True}

    assert found == [
        SObject(
            name="Contact",
            fields=(
                Field(name="Key__c", type="string", external_id=True, id_lookup=True),
                Field(name="Email", type="string"),
                Field(name="Ext__c", type="string", external_id=True, id_lookup=True),
                Field(
                    name="Account.",
                    type="reference",
                    relationship_name="Account",
                    reference_to=("AccountParent",),
                ),
                Field(
                    name="Owner.",
                    type="reference",
                    relationship_name="Owner",
                    reference_to=("User", "UserOther"),
                ),
            ),
        ),
        SObject(name="AccountParent", fields=(Field(name="Key__c", type="string", **key),)),
        SObject(name="User", fields=(Field(name="Email", type="string", **key),)),
    ]
