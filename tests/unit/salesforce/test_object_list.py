"""The objects of an org, by name and label."""

from __future__ import annotations

from typing import Any

import pytest
from wire import make_client

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.salesforce.object_list import ListedObject, list_objects


def test_the_list() -> None:
    """One request; an object is writable if records may be created or changed."""
    found = [
        {"name": "A", "label": "An A", "createable": False, "updateable": True},
        {"name": "B", "label": None},
    ]
    client, wire = make_client((200, {"sobjects": found}))

    assert list_objects(client) == (
        ListedObject(name="A", label="An A", writable=True),
        ListedObject(name="B", label="", writable=False),
    )
    assert len(wire.requests) == 1


@pytest.mark.parametrize("body", [{}, {"sobjects": {}}, {"sobjects": [1]}, {"sobjects": [{}]}])
def test_another_form(body: Any) -> None:
    """It is an error of its own."""
    client, _ = make_client((200, body))

    with pytest.raises(ResponseError):
        list_objects(client)
