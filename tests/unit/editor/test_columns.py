"""The columns of a draft that may be wrong in places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.editor.columns import columns_of, is_key
from target_salesforce_bulk.editor.draft import ColumnDraft, State, StreamDraft
from target_salesforce_bulk.rows.encoder import RowOptions

if TYPE_CHECKING:
    from target_salesforce_bulk.editor.stream import SampledStream
    from target_salesforce_bulk.salesforce.objects import Objects


def test_good_and_bad_columns(people: SampledStream, objects: Objects) -> None:
    """One that Salesforce would refuse does not keep the others from being looked at."""
    fields = {"id": "external_id__c", "surname": "Nowhere", "email": "Email"}
    draft = StreamDraft(
        object="Contact",
        key="External_Id__c",
        columns={name: ColumnDraft(field=each, state=State.OPEN) for name, each in fields.items()},
    )

    found = columns_of(people, draft, objects.sobject("Contact"), objects.sobject, RowOptions())

    headers = {name: each.column.header for name, each in found.encoders.items()}
    assert headers == {"id": "External_Id__c", "email": "Email"}
    assert found.refused == {"surname": "Contact has no field Nowhere, or this user may not see it"}
    assert found.key == "id"


def test_what_may_be_a_key(objects: Objects) -> None:
    """An external ID, a field that records can be looked up by, and the Id."""
    contact = objects.sobject("Contact")
    names = ["External_Id__c", "Email", "Id", "LastName", "Nowhere", None]

    assert [is_key(contact, each) for each in names] == [True, True, True, False, False, False]
