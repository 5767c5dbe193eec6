"""What a draft changes in the settings of its stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.editor.changes import entry_of, is_written
from target_salesforce_bulk.editor.draft import ColumnDraft, State, StreamDraft
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.settings import Settings

if TYPE_CHECKING:
    from target_salesforce_bulk.editor.stream import SampledStream
    from target_salesforce_bulk.salesforce.sobject import SObject

KEYED = {"id": ColumnDraft(field="External_Id__c", state=State.ACCEPTED)}


def test_what_is_written() -> None:
    """Only a stream for which something is decided, and that has an object."""
    suggested = {"id": ColumnDraft(field="Email", state=State.SUGGESTED)}
    drafts = [
        StreamDraft(object="Contact", columns=KEYED),
        StreamDraft(object="Contact", columns=suggested),
        StreamDraft(object=None, columns=KEYED),
    ]

    assert [is_written(each) for each in drafts] == [True, False, False]


@pytest.mark.parametrize(
    ("old", "draft", "entry"),
    [
        (
            None,
            {"key": "External_Id__c"},
            {"object": "Contact", "operation": "upsert", "external_id_field": "External_Id__c"},
        ),
        # The entry leaves both to their defaults, which say the same.
        ({"object": "Contact"}, {"key": "External_Id__c"}, {"object": "Contact"}),
        (
            {"object": "Contact"},
            {"key": "Email"},
            {"object": "Contact", "external_id_field": "Email"},
        ),
        (
            {"object": "Contact", "external_id_field": "Email"},
            {"operation": Operation.INSERT},
            {"object": "Contact", "operation": "insert", "external_id_field": None},
        ),
    ],
)
def test_an_entry(
    people: SampledStream,
    contact: SObject,
    old: dict[str, Any] | None,
    draft: dict[str, Any],
    entry: dict[str, Any],
) -> None:
    """A new one names everything, an old one only what differs."""
    effective = Settings(streams={"people": old or {}}).for_stream("people")
    made = StreamDraft(object="Contact", columns=KEYED, **draft)

    found = entry_of(people, made, contact, old, effective)

    assert found == entry | {"field_mapping": {"id": "External_Id__c"}}


def test_equal_names(people: SampledStream, contact: SObject) -> None:
    """What the page shows without a field is kept from getting one by its name."""
    effective = Settings().for_stream("people")
    columns = {**KEYED, "email": ColumnDraft(), "born": ColumnDraft()}
    made = StreamDraft(object="Contact", columns=columns)

    found = entry_of(people, made, contact, {}, effective)

    assert found["field_mapping"] == {"id": "External_Id__c", "email": ""}
