"""One field of each type."""

from __future__ import annotations

from target_salesforce_bulk.salesforce.sobject import Field

FIELDS = {
    "key": Field(name="Key__c", type="string", length=10, external_id=True),
    "text": Field(name="Text", type="string", length=10),
    "area": Field(name="Area", type="textarea", length=131072),
    "email": Field(name="Email", type="email", length=20),
    "flag": Field(name="Flag", type="boolean"),
    "long": Field(name="Long", type="long"),
    "whole": Field(name="Whole", type="int", digits=4),
    "number": Field(name="Number", type="double", precision=6, scale=2),
    "money": Field(name="Money", type="currency"),
    "day": Field(name="Day", type="date"),
    "moment": Field(name="Moment", type="datetime"),
    "time": Field(name="Time", type="time"),
    "stage": Field(
        name="Stage", type="picklist", restricted_picklist=True, picklist_values=("New", "Won")
    ),
    "hobbies": Field(name="Hobbies", type="multipicklist"),
    "parent": Field(name="Parent", type="reference"),
}
