"""Objects and their fields, as describe returns them.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping


_API_NAME = re.compile(r"[A-Za-z0-9_]+")
_PERMISSIONS = {
    Operation.INSERT: ("Create",),
    Operation.UPDATE: ("Edit",),
    Operation.UPSERT: ("Create", "Edit"),
    Operation.DELETE: ("Delete",),
    Operation.HARD_DELETE: ("Delete",),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of an object, with what is needed to load it."""

    name: str
    type: str
    label: str = ""
    #: Maximum characters of a text; 0 for types without a length.
    length: int = 0
    #: Maximum digits of an int.
    digits: int = 0
    #: Maximum digits of a number: in total, and after the decimal point.
    precision: int = 0
    scale: int = 0
    createable: bool = True
    updateable: bool = True
    nillable: bool = True
    defaulted_on_create: bool = False
    external_id: bool = False
    #: Whether an upsert or a parent column may identify records by this field.
    id_lookup: bool = False
    unique: bool = False
    case_sensitive: bool = False
    restricted_picklist: bool = False
    #: The active values of a picklist.
    picklist_values: tuple[str, ...] = ()
    #: Objects that a reference may point to; with two or more, it is polymorphic.
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    #: The compound field (Name, MailingAddress) that this field is part of.
    compound_field_name: str | None = None
    calculated: bool = False
    auto_number: bool = False

    @property
    def required_on_insert(self) -> bool:
        """Whether a new record is refused without it."""
        return self.createable and not self.nillable and not self.defaulted_on_create

    @property
    def polymorphic(self) -> bool:
        """Whether a parent column must name the parent's object.

        The number of objects decides, not describe's ``polymorphicForeignKey``: because of groups
        and queues, the same field points to one object in one org and to two in another.
        """
        return len(self.reference_to) > 1

    def accepts(self, operation: Operation) -> bool:
        """Whether a job of this operation may have a column for this field.

        The key of an upsert is a separate matter: ``Id`` may be the key, but an upsert by another
        field cannot write it.
        """
        if operation.only_ids:
            return self.name == "Id"
        if operation is Operation.INSERT:
            return self.createable
        if operation is Operation.UPDATE:
            return self.updateable or self.name == "Id"
        return self.createable or self.updateable

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Field:
        """Read one of describe's ``fields``.

        Raises:
            ResponseError: a member is missing or has an unexpected type.
        """
        return cls(
            name=_name(body, "name") or _missing("name"),
            type=_name(body, "type") or _missing("type"),
            label=_text(body, "label") or "",
            length=_number(body, "length"),
            digits=_number(body, "digits"),
            precision=_number(body, "precision"),
            scale=_number(body, "scale"),
            createable=_flag(body, "createable"),
            updateable=_flag(body, "updateable"),
            nillable=_flag(body, "nillable"),
            defaulted_on_create=_flag(body, "defaultedOnCreate"),
            external_id=_flag(body, "externalId"),
            id_lookup=_flag(body, "idLookup"),
            unique=_flag(body, "unique"),
            case_sensitive=_flag(body, "caseSensitive"),
            restricted_picklist=_flag(body, "restrictedPicklist"),
            picklist_values=tuple(
                _text(value, "value") or ""
                for value in _list(body, "picklistValues")
                if _flag(value, "active")
            ),
            reference_to=tuple(
                _name({"referenceTo": each}, "referenceTo") or _missing("referenceTo")
                for each in _list(body, "referenceTo")
            ),
            relationship_name=_name(body, "relationshipName"),
            compound_field_name=_name(body, "compoundFieldName"),
            calculated=_flag(body, "calculated"),
            auto_number=_flag(body, "autoNumber"),
        )


@dataclass(frozen=True, kw_only=True)
class SObject:
    """An object of the org, such as Contact or Invoice__c."""

    name: str
    label: str = ""
    key_prefix: str | None = None
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    fields: tuple[Field, ...] = field(default=())

    @cached_property
    def _fields_by_name(self) -> dict[str, Field]:
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def _references_by_relationship(self) -> dict[str, Field]:
        return {f.relationship_name.lower(): f for f in self.fields if f.relationship_name}

    def field(self, name: str) -> Field | None:
        """Find a field by its name, ignoring case."""
        return self._fields_by_name.get(name.lower())

    def reference(self, relationship: str) -> Field | None:
        """Find the reference field of a relationship such as ``Account``, ignoring case."""
        return self._references_by_relationship.get(relationship.lower())

    def missing_permissions(self, operation: Operation) -> list[str]:
        """The object permissions that this user lacks for an operation, by their names in Setup."""
        has = {"Create": self.createable, "Edit": self.updateable, "Delete": self.deletable}
        return [name for name in _PERMISSIONS[operation] if not has[name]]

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> SObject:
        """Read a describe response.

        Raises:
            ResponseError: the response is not a describe document.
        """
        if not isinstance(body, dict):
            raise ResponseError("Salesforce sent a describe result that is not an object.")
        return cls(
            name=_name(body, "name") or _missing("name"),
            label=_text(body, "label") or "",
            key_prefix=_name(body, "keyPrefix"),
            createable=_flag(body, "createable"),
            updateable=_flag(body, "updateable"),
            deletable=_flag(body, "deletable"),
            fields=tuple(Field.from_json(_object(each)) for each in _list(body, "fields")),
        )


def _of_type(body: Mapping[str, Any], member: str, kind: type) -> Any:
    """A member of a response; it may be null or missing, but must not have another type."""
    value = _object(body).get(member)
    if value is None or type(value) is kind:  # not isinstance: a bool is an int
        return value
    raise ResponseError(
        f"Salesforce sent a describe result whose {member} is a {type(value).__name__}, "
        f"not a {kind.__name__}."
    )


def _flag(body: Mapping[str, Any], member: str) -> bool:
    return bool(_of_type(body, member, bool))


def _text(body: Mapping[str, Any], member: str) -> str | None:
    value: str | None = _of_type(body, member, str)
    return value


def _list(body: Mapping[str, Any], member: str) -> list[Any]:
    return _of_type(body, member, list) or []


def _number(body: Mapping[str, Any], member: str) -> int:
    value: int = _of_type(body, member, int) or 0
    if value < 0:
        raise ResponseError(f"Salesforce sent a describe result whose {member} is negative.")
    return value


def _name(body: Mapping[str, Any], member: str) -> str | None:
    """An API name, safe in columns, queries and messages."""
    value = _text(body, member)
    if value and not _API_NAME.fullmatch(value):
        raise ResponseError(
            f"Salesforce sent a describe result whose {member} is not an API name: "
            f"{plain_text(value)}"
        )
    return value


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ResponseError(
            "Salesforce sent a describe result with something other than an object."
        )
    return value


def _missing(member: str) -> str:
    raise ResponseError(f"Salesforce sent a describe result without {member}.")
