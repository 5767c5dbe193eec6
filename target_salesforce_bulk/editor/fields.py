"""The fields that can be picked for a column, as the page shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.editor.columns import is_key
from target_salesforce_bulk.editor.problems import keys_of
from target_salesforce_bulk.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.editor.columns import Describe
    from target_salesforce_bulk.salesforce.sobject import Field, SObject

#: Of these types, only the parts of a field or other APIs can be loaded.
_NOT_LOADED = frozenset({"address", "location", "base64"})


def object_as_json(sobject: SObject, describe: Describe) -> dict[str, Any]:
    """An object with the fields that can be picked, and with its parents' keys."""
    return {
        "name": sobject.name,
        "label": sobject.label or sobject.name,
        "keys": keys_of(sobject),
        "fields": [
            *(_field(each, sobject) for each in sobject.fields if _can_be_picked(each)),
            *_lookups(sobject, describe),
        ],
    }


def _can_be_picked(field: Field) -> bool:
    writable = field.createable or field.updateable or field.name == "Id"
    return writable and field.type not in _NOT_LOADED


def _field(field: Field, sobject: SObject) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label or field.name,
        "type": _type(field),
        "required": field.required_on_insert,
        "key": is_key(sobject, field.name),
        "create": field.createable,
        "update": field.updateable,
    }


def _type(field: Field) -> str:
    if field.type == "reference":
        return f"lookup to {' or '.join(field.reference_to[:2]) or 'a record'}"
    return (
        f"{field.type}({field.length})" if field.type == "string" and field.length else field.type
    )


def _lookups(sobject: SObject, describe: Describe) -> Iterator[dict[str, Any]]:
    """A choice for each field that may identify the parent of a reference."""
    for reference in sobject.fields:
        if not reference.relationship_name or not _can_be_picked(reference):
            continue
        for name in reference.reference_to:
            yield from _keys_of_parent(reference, name, describe)


def _keys_of_parent(reference: Field, name: str, describe: Describe) -> Iterator[dict[str, Any]]:
    try:
        parent = describe(name)
    except NotFoundError:
        return
    before = f"{parent.name}:" if reference.polymorphic else ""
    for key in keys_of(parent):
        field = parent.field(key)
        if field is None or field.name == "Id":  # the reference field itself takes Ids
            continue
        yield {
            "name": f"{before}{reference.relationship_name}.{field.name}",
            "label": f"{parent.label or parent.name}, found by {field.label or field.name}",
            "type": f"parent, by {field.type}",
            "required": reference.required_on_insert,
            "key": False,
            "create": reference.createable,
            "update": reference.updateable,
        }
