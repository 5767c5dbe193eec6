"""The objects of the org and their fields, and their describe documents."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: Members that a field of a describe document has beside those told in `objects.json`.
# Recorded from real orgs: SFDO-Tooling/CumulusCI, cumulusci/tests/shared_cassettes.
_FIELD_DEFAULTS: dict[str, Any] = {
    "aggregatable": True,
    "aiPredictionField": False,
    "autoNumber": False,
    "byteLength": 0,
    "calculated": False,
    "calculatedFormula": None,
    "cascadeDelete": False,
    "caseSensitive": False,
    "compoundFieldName": None,
    "controllerName": None,
    "createable": False,
    "custom": False,
    "defaultValue": None,
    "defaultValueFormula": None,
    "defaultedOnCreate": False,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "digits": 0,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "externalId": False,
    "extraTypeInfo": None,
    "filterable": True,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "groupable": True,
    "highScaleNumber": False,
    "htmlFormatted": False,
    "idLookup": False,
    "inlineHelpText": None,
    "label": "",
    "length": 0,
    "mask": None,
    "maskType": None,
    "name": "",
    "nameField": False,
    "namePointing": False,
    "nillable": False,
    "permissionable": True,
    "picklistValues": [],
    "polymorphicForeignKey": False,
    "precision": 0,
    "queryByDistance": False,
    "referenceTargetField": None,
    "referenceTo": [],
    "relationshipName": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "restrictedPicklist": False,
    "scale": 0,
    "searchPrefilterable": False,
    "soapType": "xsd:string",
    "sortable": True,
    "type": "string",
    "unique": False,
    "updateable": False,
    "writeRequiresMasterRead": False,
}

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "long": "xsd:long",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "base64": "xsd:base64Binary",
}

_OBJECT_DEFAULTS: dict[str, Any] = {
    "activateable": False,
    "createable": True,
    "customSetting": False,
    "deletable": True,
    "deprecatedAndHidden": False,
    "feedEnabled": False,
    "layoutable": True,
    "mergeable": False,
    "mruEnabled": True,
    "queryable": True,
    "replicateable": True,
    "retrieveable": True,
    "searchable": True,
    "triggerable": True,
    "undeletable": True,
    "updateable": True,
}


@dataclass(frozen=True)
class FieldSchema:
    """One field, as `objects.json` tells of it."""

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
        """Active values, whichever way the file lists them."""
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
        """Characters at the most; 0 where there is no such limit."""
        return int(self.facts.get("length", 0))

    @cached_property
    def indexed(self) -> bool:
        """Whether records are looked up by it in numbers."""
        return self.flag("externalId") or self.flag("unique")

    def describe(self) -> dict[str, Any]:
        """Its part of a describe document."""
        document = _FIELD_DEFAULTS | self.facts
        document["soapType"] = _SOAP_TYPES.get(self.type, "xsd:string")
        document["custom"] = self.name.endswith("__c")
        document["byteLength"] = 3 * self.length
        document["picklistValues"] = [
            {
                "active": True,
                "defaultValue": value == self.facts.get("defaultValue"),
                "label": value,
                "validFor": None,
                "value": value,
            }
            for value in self.picklist_values
        ]
        return document


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
        """The fields that records are looked up by in numbers."""
        return tuple(each for each in self.fields if each.indexed)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """What a new record has where nobody says otherwise."""
        data: dict[str, Any] = {}
        for field in self.fields:
            if field.facts.get("defaultValue") is not None:
                data[field.name] = field.facts["defaultValue"]
            elif field.type == "boolean":
                data[field.name] = False
        return data

    def field(self, name: str) -> FieldSchema | None:
        """Find a field; names do not tell upper from lower case."""
        return self._by_name.get(name.lower())

    def reference(self, relationship: str) -> FieldSchema | None:
        """Find the reference field behind a relationship name."""
        return self._by_relationship.get(relationship.lower())

    def describe_global(self) -> dict[str, Any]:
        """Its line of the list of all objects."""
        return _OBJECT_DEFAULTS | {
            "name": self.name,
            "label": self.label,
            "labelPlural": f"{self.label}s",
            "keyPrefix": self.key_prefix,
            "custom": self.name.endswith("__c"),
        }

    def describe(self) -> dict[str, Any]:
        """The describe document."""
        return self.describe_global() | {
            "childRelationships": [],
            "recordTypeInfos": [],
            "fields": [field.describe() for field in self.fields],
        }


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
        """The default org, with the objects of a file added or put in the place of its own.

        Args:
            extra: JSON with `{"objects": [...]}`, a list, or one describe document.
        """
        own = resources.files(__package__).joinpath("objects.json").read_text(encoding="utf-8")
        documents = json.loads(own)["objects"]
        if extra is not None:
            added = json.loads(extra.read_text(encoding="utf-8"))
            if isinstance(added, dict):
                added = added.get("objects", [added])
            documents += added
        return cls(documents)

    def find(self, name: str) -> ObjectSchema | None:
        """An object by name; names do not tell upper from lower case."""
        return self._objects.get(name.lower())

    def remove_field(self, name: str, field: str) -> None:
        """Take a field off an object, as an administrator may at any time.

        Raises:
            ValueError: there is none of that name.
        """
        found = self.find(name)
        if found is None or found.field(field) is None:
            raise ValueError(f"The org has no field {name}.{field}.")
        rest = tuple(each for each in found.fields if each.name.lower() != field.lower())
        self._objects[name.lower()] = replace(found, fields=rest)

    def __iter__(self) -> Any:
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
