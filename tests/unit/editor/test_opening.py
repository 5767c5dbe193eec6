"""What the page begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.editor.draft import ColumnDraft, State
from target_salesforce_bulk.editor.opening import first_draft
from target_salesforce_bulk.mapping.suggest.suggestion import FieldSuggestion, Suggestion
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.settings import Settings

if TYPE_CHECKING:
    from target_salesforce_bulk.editor.stream import SampledStream
    from target_salesforce_bulk.salesforce.sobject import SObject

NONE = FieldSuggestion(None, 0.0, "no field fits")


def suggestion(operation: Operation = Operation.UPSERT, **fields: str) -> Suggestion:
    found = {name: FieldSuggestion(each, 0.9, "synonym") for name, each in fields.items()}
    return Suggestion("Contact", operation, "id", found)


def test_suggestions(people: SampledStream, contact: SObject) -> None:
    """Each is filled in, the others are open; the key follows the column of the key."""
    draft = first_draft(people, suggestion(id="External_Id__c", email="Email"), contact)

    assert draft.columns["email"] == ColumnDraft(field="Email", state=State.SUGGESTED)
    assert draft.columns["born"] == ColumnDraft()
    assert draft.key == "External_Id__c"


def test_a_field_that_is_taken(people: SampledStream, contact: SObject) -> None:
    """What the file has goes before a suggestion of the same field."""
    entry = {"field_mapping": {"surname": "email", "address.city": "MailingCity"}}
    written = Settings(streams={"people": entry}).for_stream("people")

    draft = first_draft(people, suggestion(email="Email"), contact, written)

    assert draft.columns["surname"] == ColumnDraft(field="email", state=State.ACCEPTED)
    assert draft.columns["email"] == ColumnDraft()
    assert draft.columns["address.city"].field == "MailingCity"


def test_no_key(people: SampledStream, contact: SObject) -> None:
    """An insert has none; an update goes by the Id if nothing else can identify a record."""
    insert = first_draft(people, suggestion(Operation.INSERT), contact)
    update = first_draft(people, suggestion(Operation.UPDATE), contact)

    assert (insert.key, update.key) == (None, "Id")


def test_no_object(people: SampledStream) -> None:
    """All columns are open."""
    draft = first_draft(people, Suggestion(None, None, None, {}), None)

    assert (draft.object, draft.operation, draft.key) == (None, Operation.UPSERT, None)
    assert set(draft.columns.values()) == {ColumnDraft()}
