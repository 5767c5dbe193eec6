"""The header of an upload, resolved against its object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.emulator.org.job import JobFailedError
from target_salesforce_bulk.emulator.org.values import reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.schema import FieldSchema, ObjectSchema, Schema


@dataclass(frozen=True)
class Parent:
    """Where a column looks up the record that its field refers to."""

    schema: ObjectSchema
    key: FieldSchema


@dataclass(frozen=True)
class Column:
    """One column of an upload."""

    field: FieldSchema
    read: Callable[[str], tuple[Any, str]]
    #: For a column such as `Account.External_Id__c`.
    parent: Parent | None = None


def resolve_column(name: str, schema: ObjectSchema, org: Schema) -> Column:
    """The column that a header names.

    Raises:
        JobFailedError: the object has no such field or relationship.
    """
    if "." in name:
        return _resolve_parent_column(name, schema, org)
    field = schema.field(name)
    if field is None:
        raise _not_found(name)
    return Column(field, reader(field))


def place_of(field: FieldSchema | None, header: list[str]) -> int | None:
    """The index of a field's own column; None if it has none."""
    for place, name in enumerate(header):
        if field is not None and name.lower() == field.name.lower():
            return place
    return None


def _resolve_parent_column(name: str, schema: ObjectSchema, org: Schema) -> Column:
    """Resolve `[Object:]Relationship.Field`; rules and messages as observed on a v65 org."""
    before, _, key_name = name.rpartition(".")
    target, _, relationship = before.rpartition(":")
    reference = schema.reference(relationship)
    if reference is None:
        raise JobFailedError(f"InvalidBatch : Unable to find relationship: {relationship}")
    _check_target(name, target, relationship, reference.reference_to)
    parent = org.find(target or reference.reference_to[0])
    key = parent.field(key_name) if parent else None
    if parent is None or key is None or not (key.flag("externalId") or key.flag("idLookup")):
        raise _not_found(name)
    return Column(reference, lambda cell: (cell, cell), Parent(parent, key))


def _check_target(name: str, target: str, relationship: str, allowed: list[str]) -> None:
    """A polymorphic reference must name the parent's object; any other one must not."""
    if len(allowed) > 1:
        if target.lower() not in {each.lower() for each in allowed}:
            raise _not_found(name)
    elif target:
        raise JobFailedError(
            "InvalidBatch : type is not needed for non polymorphic foreign key references: "
            f"{relationship}"
        )


def _not_found(name: str) -> JobFailedError:
    return JobFailedError(f"InvalidBatch : Field name not found : {name}")
