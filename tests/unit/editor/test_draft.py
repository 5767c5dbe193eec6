"""Drafts, between the page and the settings."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.editor.draft import ColumnDraft, Constant, State, StreamDraft
from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.salesforce.job import Operation

DRAFT = StreamDraft(
    object="Contact",
    operation=Operation.UPSERT,
    key="Email",
    columns={
        "email": ColumnDraft(field="Email", state=State.ACCEPTED, nulls="ignore"),
        "name": ColumnDraft(field="LastName", state=State.SUGGESTED),
        "hash": ColumnDraft(state=State.REJECTED, nulls="ignore"),
        "note": ColumnDraft(),
    },
    constants=(Constant(name="source", field="LeadSource", value="Web"),),
)
SOURCE = {"field": "LeadSource", "value": "Web"}


def test_the_page_sends_what_it_was_sent() -> None:
    """A draft survives the way there and back."""
    assert StreamDraft.from_json(DRAFT.as_json()) == DRAFT


def test_what_is_decided() -> None:
    """A suggestion is not written, a rejected column has an empty field."""
    assert DRAFT.field_mapping(decided=True) == {
        "email": {"field": "Email", "nulls": "ignore"},
        "hash": "",
        "source": SOURCE,
    }


def test_what_is_shown() -> None:
    """A suggestion counts like a decision."""
    assert DRAFT.field_mapping(decided=False) == {
        "email": {"field": "Email", "nulls": "ignore"},
        "name": "LastName",
        "hash": "",
        "source": SOURCE,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"object": 1},
        {"operation": "merge"},
        {"columns": []},
        {"columns": {"a": {"field": None, "state": "open"}}},
        {"columns": {"a": {"field": "", "state": "maybe"}}},
        {"columns": {"a": {"field": "", "state": "open", "nulls": 1}}},
        {"constants": [{"name": "a", "field": "b", "value": {}}]},
        {"constants": [{"name": "a"}]},
    ],
)
def test_what_is_no_draft(change: dict[str, Any]) -> None:
    """Nothing of another form comes further."""
    with pytest.raises(InputError, match="not a mapping"):
        StreamDraft.from_json(DRAFT.as_json() | change)
