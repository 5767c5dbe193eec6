"""The objects of the org and their fields."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class FieldSchema:
    """One field."""

    #: Members of its describe document, as far as `objects.json` has them.
    facts: dict[str, Any]

    @cached_property
    def name(self) -> str:
        """API name."""
        return str(self.facts["name"])

    @cached_property
    def type(self) -> str:
        """Describe type."""
        return str(self.facts["type"])

    @cached_property
    def picklist_values(self) -> list[str]:
        """Active values; the file lists them as text or as describe does."""
        listed = self.facts.get("picklistValues", [])
        return [
            each if isinstance(each, str) else each["value"]
            for each in listed
            if isinstance(each, str) or each.get("active", True)
        ]

    @cached_property
    def reference_to(self) -> list[str]:
        """Objects that a reference may point to."""
        return list(self.facts.get("referenceTo", []))

    def flag(self, name: str) -> bool:
        """One of describe's booleans."""
        return bool(self.facts.get(name, False))

    @cached_property
    def length(self) -> int:
        """Maximum number of characters; 0 for no limit."""
        return int(self.facts.get("length", 0))

    @cached_property
    def indexed(self) -> bool:
        """Whether records can be looked up by it quickly."""
        return self.flag("externalId") or self.flag("unique")


@dataclass(frozen=True)
class ObjectSchema:
    """One object."""

    name: str
    label: str
    key_prefix: str
    fields: tuple[FieldSchema, ...]

    @cached_property
    def _by_name(self) -> dict[str, FieldSchema]:
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def _by_relationship(self) -> dict[str, FieldSchema]:
        named = ((each.facts.get("relationshipName"), each) for each in self.fields)
        return {name.lower(): each for name, each in named if name}

    @cached_property
    def indexed(self) -> tuple[FieldSchema, ...]:
        """The fields by which records can be looked up quickly."""
        return tuple(each for each in self.fields if each.indexed)

    @cached_property
    def required(self) -> tuple[FieldSchema, ...]:
        """The fields without which no record can be inserted."""
        return tuple(
            each
            for each in self.fields
            if each.flag("createable")
            and not each.flag("nillable")
            and not each.flag("defaultedOnCreate")
        )

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The values of a new record where none are given."""
        data: dict[str, Any] = {}
        for field in self.fields:
            if field.facts.get("defaultValue") is not None:
                data[field.name] = field.facts["defaultValue"]
            elif field.type == "boolean":
                data[field.name] = False
        return data

    def field(self, name: str) -> FieldSchema | None:
        """Find a field; names are case-insensitive."""
        return self._by_name.get(name.lower())

    def reference(self, relationship: str) -> FieldSchema | None:
        """Find the reference field behind a relationship name."""
        return self._by_relationship.get(relationship.lower())


class Schema:
    """All objects of the org."""

    def __init__(self, documents: Iterable[dict[str, Any]]) -> None:
        self._objects: dict[str, ObjectSchema] = {}
        for number, document in enumerate(documents):
            each = ObjectSchema(
                name=document["name"],
                label=document.get("label") or document["name"],
                key_prefix=document.get("keyPrefix") or f"a{number:02d}",
                fields=tuple(FieldSchema(facts) for facts in _with_id(document["fields"])),
            )
            self._objects[each.name.lower()] = each

    @classmethod
    def load(cls, extra: Path | None = None) -> Schema:
        """The default objects, with those of a file added or in their place.

        Args:
            extra: JSON with `{"objects": [...]}`, a list, or one describe document.

        Raises:
            ValueError: the file is not JSON, or not of that form.
        """
        own = resources.files(__package__).joinpath("objects.json").read_text(encoding="utf-8")
        documents = json.loads(own)["objects"]
        added: Any = []
        if extra is not None:
            added = json.loads(extra.read_text(encoding="utf-8"))
            if isinstance(added, dict):
                added = added.get("objects", [added])
        try:
            return cls([*documents, *added])
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(
                "an object needs a name and a list of fields, each with a name and a type: "
                f"{type(error).__name__} {error}"
            ) from None

    def find(self, name: str) -> ObjectSchema | None:
        """Find an object; names are case-insensitive."""
        return self._objects.get(name.lower())

    def remove_field(self, name: str, field: str) -> None:
        """Delete a field, as an administrator may at any time.

        Raises:
            ValueError: there is no such field.
        """
        found = self.find(name)
        if found is None or found.field(field) is None:
            raise ValueError(f"The org has no field {name}.{field}.")
        rest = tuple(each for each in found.fields if each.name.lower() != field.lower())
        self._objects[name.lower()] = replace(found, fields=rest)

    def __iter__(self) -> Iterator[ObjectSchema]:
        return iter(self._objects.values())


def _with_id(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if any(each["name"] == "Id" for each in fields):
        return fields
    own_id = {
        "name": "Id",
        "type": "id",
        "label": "Record ID",
        "length": 18,
        "defaultedOnCreate": True,
        "idLookup": True,
    }
    return [own_id, *fields]
