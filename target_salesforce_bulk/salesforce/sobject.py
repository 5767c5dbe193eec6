"""What describe tells of an object and its fields.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of an object, as far as loading rows into it needs to know."""

    name: str
    type: str
    label: str = ""
    #: Characters, for text; 0 where the type has none.
    length: int = 0
    #: Digits of an int.
    digits: int = 0
    #: Digits of a number in all, and behind the point.
    precision: int = 0
    scale: int = 0
    createable: bool = True
    updateable: bool = True
    nillable: bool = True
    defaulted_on_create: bool = False
    external_id: bool = False
    #: Whether a parent or an upsert may be looked up by this field.
    id_lookup: bool = False
    unique: bool = False
    case_sensitive: bool = False
    restricted_picklist: bool = False
    #: The active values of a picklist.
    picklist_values: tuple[str, ...] = ()
    #: Objects that a reference may point to; two or more make it polymorphic.
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    #: The compound (Name, MailingAddress) that this field is a part of.
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

        The number of objects decides, not describe's ``polymorphicForeignKey``: groups and queues
        make the same field point to one object in one org and to two in another.
        """
        return len(self.reference_to) > 1

    def accepts(self, operation: Operation) -> bool:
        """Whether a job of this operation may hold a column for this field.

        The key of an upsert is another question: ``Id`` keys one where it is asked for, but is not
        data that an upsert by another field can write.
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
        """Read one of describe's ``fields``."""
        return cls(
            name=body["name"],
            type=body["type"],
            label=body.get("label") or "",
            length=body.get("length") or 0,
            digits=body.get("digits") or 0,
            precision=body.get("precision") or 0,
            scale=body.get("scale") or 0,
            createable=bool(body.get("createable")),
            updateable=bool(body.get("updateable")),
            nillable=bool(body.get("nillable")),
            defaulted_on_create=bool(body.get("defaultedOnCreate")),
            external_id=bool(body.get("externalId")),
            id_lookup=bool(body.get("idLookup")),
            unique=bool(body.get("unique")),
            case_sensitive=bool(body.get("caseSensitive")),
            restricted_picklist=bool(body.get("restrictedPicklist")),
            picklist_values=tuple(
                value["value"] for value in body.get("picklistValues") or () if value.get("active")
            ),
            reference_to=tuple(body.get("referenceTo") or ()),
            relationship_name=body.get("relationshipName"),
            compound_field_name=body.get("compoundFieldName"),
            calculated=bool(body.get("calculated")),
            auto_number=bool(body.get("autoNumber")),
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
        """Find a field; Salesforce's names do not tell upper from lower case."""
        return self._fields_by_name.get(name.lower())

    def reference(self, relationship: str) -> Field | None:
        """Find the reference field behind a relationship name such as ``Account``."""
        return self._references_by_relationship.get(relationship.lower())

    def accepts(self, operation: Operation) -> bool:
        """Whether this user may run jobs of this operation on the object."""
        return {
            Operation.INSERT: self.createable,
            Operation.UPDATE: self.updateable,
            Operation.UPSERT: self.createable and self.updateable,
            Operation.DELETE: self.deletable,
            Operation.HARD_DELETE: self.deletable,
        }[operation]

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> SObject:
        """Read a describe answer.

        Raises:
            ResponseError: the answer is not a describe document.
        """
        try:
            return cls(
                name=body["name"],
                label=body.get("label") or "",
                key_prefix=body.get("keyPrefix"),
                createable=bool(body.get("createable")),
                updateable=bool(body.get("updateable")),
                deletable=bool(body.get("deletable")),
                fields=tuple(Field.from_json(each) for each in body["fields"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ResponseError(f"Salesforce sent a describe without {error}.") from error
