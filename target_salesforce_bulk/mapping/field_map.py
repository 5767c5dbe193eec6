"""Maps the properties of a stream to the columns of a batch."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import MappingError, NotFoundError
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from target_salesforce_bulk.salesforce.sobject import Field, SObject

_COMPOUND_TYPES = frozenset({"address", "location"})


#: How the names of the properties begin that taps built on the SDK add about a record.
_METADATA = "_sdc_"


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column of a batch: the source of its values, and the field they go to."""

    #: The column's name as Salesforce spells it, such as `Email` or `Account.External_Id__c`.
    header: str
    #: The field whose type the values must have; for a parent column, the parent's field.
    field: Field
    #: The path of the value in a record; None for a constant.
    path: tuple[str, ...] | None = None
    constant: Any = None
    #: For a parent column: the reference field that it fills, and the parent object.
    reference: Field | None = None
    parent: str | None = None
    #: What the mapping sets for this column alone; None for the general setting.
    nulls: str | None = None
    empty_strings: str | None = None
    too_long: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unmapped:
    """A property that is not loaded, and why."""

    property: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class FieldMap:
    """Which property of a stream goes to which field of its object."""

    columns: tuple[Column, ...]
    unmapped: tuple[Unmapped, ...] = ()
    #: The column that identifies the record of a row; None for insert.
    key: Column | None = None

    @classmethod
    def build(
        cls,
        *,
        stream: str,
        properties: Mapping[str, Any],
        sobject: SObject,
        operation: Operation,
        key_field: str | None,
        field_mapping: Mapping[str, Any],
        auto_map: bool,
        unmapped_fields: str,
        describe: Callable[[str], SObject],
        earlier: Collection[str] = (),
        complete: bool = True,
    ) -> FieldMap:
        """Map a stream and check every column against its object.

        Args:
            stream: The stream's name, for messages.
            properties: The properties of its schema, by name.
            sobject: The object.
            operation: The operation of the jobs.
            key_field: The field that identifies the record of a row; None for insert.
            field_mapping: Fields by property, as in the settings.
            auto_map: Whether other properties go to the fields of the same name.
            unmapped_fields: `error` if a property that is not loaded is a mistake.
            describe: Describes a parent object.
            earlier: Properties in earlier schemas of the stream in this run. If one is gone, the
                source has changed; that is not a mistake in the settings.
            complete: Whether these are all properties of the stream. If not, what is missing may
                be mapped by its name.

        Raises:
            MappingError: columns that Salesforce would refuse; the message names all of them.
        """
        builder = _Builder(sobject, operation, key_field, describe, earlier)
        for name, target in field_mapping.items():
            builder.add_mapped(name, target, properties)
        rest = [name for name in properties if name not in field_mapping]
        builder.find_owners(rest)
        for name in rest:
            builder.add_by_name(name, auto_map=auto_map)
        builder.check_key()
        if complete:
            builder.check_filled()
        if unmapped_fields == "error":
            builder.problems += [f"{each.property}: {each.reason}" for each in builder.unmapped]
        if builder.problems:
            raise MappingError(
                f"Stream {stream} cannot be loaded into {sobject.name}: "
                f"{'; '.join(builder.problems)}. "
                f"Correct streams.{stream}.field_mapping.",
                stream=stream,
                problems=builder.problems,
            )
        return cls(
            columns=tuple(builder.columns.values()),
            unmapped=tuple(builder.unmapped),
            key=builder.key,
        )

    @property
    def parents(self) -> tuple[str, ...]:
        """The objects whose records must be loaded before these rows."""
        return tuple(sorted({column.parent for column in self.columns if column.parent}))


class _Builder:
    """Collects the columns and their problems."""

    def __init__(
        self,
        sobject: SObject,
        operation: Operation,
        key_field: str | None,
        describe: Callable[[str], SObject],
        earlier: Collection[str],
    ) -> None:
        self._sobject = sobject
        self._earlier = earlier
        self._operation = operation
        self._key_name = key_field
        self._describe = describe
        self.columns: dict[str, Column] = {}
        self._filled_by_name: set[str] = set()
        #: By field name, the property whose name is closest to it.
        self._owners: dict[str, str] = {}
        self.unmapped: list[Unmapped] = []
        self.problems: list[str] = []

    @property
    def key(self) -> Column | None:
        """The column of the key, once it has been added."""
        if self._key_name is None:
            return None
        return self.columns.get(self._key_name.lower())

    def add_mapped(self, name: str, target: Any, properties: Mapping[str, Any]) -> None:
        """Add one entry of `field_mapping`: a property or a constant."""
        if is_left_out(target):
            return
        details = target if isinstance(target, dict) else {"field": target}
        if wrong := _wrong_details(name, details):
            self.problems += wrong
            return
        header = details["field"]
        constant = "value" in details
        path = None if constant else self._path(name, properties)
        if path is None and name in self._earlier:
            self._leave_out(name, "the stream no longer has it")
            return
        if path is None and not constant:
            self.problems.append(f"{name} is not a property of the stream{_near(name, properties)}")
            return
        column = self._column(name, header, path, details)
        if column is not None:
            self._add(name, column)

    def find_owners(self, names: Collection[str]) -> None:
        """Choose the property of each field that several properties match by name.

        An exact match comes first, then one in another case, then one with other underscores.
        """
        for name in sorted(names, key=self._distance):
            for field in self._fields_like(name):
                self._owners.setdefault(field.name, name)

    def _distance(self, name: str) -> int:
        exact = self._sobject.field(name)
        return 2 if exact is None else int(exact.name != name)

    def add_by_name(self, name: str, *, auto_map: bool) -> None:
        """Add a property that the settings do not name, if a field matches its name."""
        matches = self._fields_like(name) if auto_map else []
        if not matches and name.startswith(_METADATA):
            return
        if not auto_map:
            self._leave_out(name, "it is not in field_mapping, and auto_map is off")
            return
        if len(matches) > 1:
            names = " and ".join(field.name for field in matches)
            self.problems.append(f"{name} matches {names}; choose one in field_mapping")
            return
        if not matches and self._operation.only_ids:
            return
        if not matches:
            near = _near(name, [field.name for field in self._sobject.fields])
            self._leave_out(name, f"{self._sobject.name} has no field of that name{near}")
            return
        field = matches[0]
        if reason := self._refusal(field):
            # A delete loads only its key, so other properties are not worth reporting.
            if not self._operation.only_ids:
                self._leave_out(name, reason)
        elif field.name.lower() in self.columns and field.name not in self._filled_by_name:
            self._leave_out(name, f"field_mapping already fills {field.name}")
        elif self._owners[field.name] != name:
            owner = self._owners[field.name]
            self._leave_out(name, f"{field.name} is filled by the property {owner}")
        else:
            self._filled_by_name.add(field.name)
            self._add(name, Column(header=field.name, field=field, path=(name,)))

    def _leave_out(self, name: str, reason: str) -> None:
        self.unmapped.append(Unmapped(property=name, reason=reason))

    def _add(self, name: str, column: Column) -> None:
        if column.header.lower() in self.columns:
            self.problems.append(f"{name}: {column.header} is already filled by another property")
        else:
            self.columns[column.header.lower()] = column

    def _fields_like(self, name: str) -> list[Field]:
        exact = self._sobject.field(name)
        if exact is not None:
            return [exact]
        plain = _plain(name)
        return [field for field in self._sobject.fields if _plain(field.name) == plain]

    @staticmethod
    def _path(name: str, properties: Mapping[str, Any]) -> tuple[str, ...] | None:
        """The path of a property: its own name, or a dotted path into an object."""
        if name in properties:
            return (name,)
        parts = tuple(name.split("."))
        return parts if len(parts) > 1 and parts[0] in properties else None

    def _column(
        self, name: str, header: str, path: tuple[str, ...] | None, details: dict[str, Any]
    ) -> Column | None:
        reference: Field | None = None
        parent: str | None = None
        if "." in header:
            found = self._parent(name, header)
            if found is None:
                return None
            header, field, reference, parent = found
        else:
            plain = self._sobject.field(header)
            if plain is None:
                near = _near(header, [each.name for each in self._sobject.fields])
                self.problems.append(
                    f"{name}: {self._sobject.name} has no field {header}, or this user may not "
                    f"see it{near}"
                )
                return None
            if reason := self._refusal(plain):
                self.problems.append(f"{name}: {reason}")
                return None
            field, header = plain, plain.name
        return Column(
            header=header,
            field=field,
            path=path,
            constant=details.get("value"),
            reference=reference,
            parent=parent,
            nulls=details.get("nulls"),
            empty_strings=details.get("empty_strings"),
            too_long=details.get("too_long"),
        )

    def _refusal(self, field: Field) -> str:
        """Why a job of this operation cannot have a column for a field; empty if it can."""
        if self._key_name is not None and field.name.lower() == self._key_name.lower():
            return ""
        if self._operation.only_ids:
            return f"{self._operation} takes only the Id of a record"
        if field.name == "Id" and self._key_name is not None:
            return f"records are identified by {self._key_name}, not by Id"
        if field.type in _COMPOUND_TYPES or (field.name == "Name" and not field.createable):
            parts = [
                each.name
                for each in self._sobject.fields
                if each.compound_field_name == field.name and each.name != field.name
            ]
            return f"{field.name} is a compound of {', '.join(parts)}; map to those"
        if field.type == "base64":
            return f"{field.name} holds files, which Bulk API 2.0 cannot load"
        if not field.accepts(self._operation):
            return f"this user cannot write {field.name} with {self._operation}"
        return ""

    def _parent(self, name: str, header: str) -> tuple[str, Field, Field, str] | None:
        """The header, the parent's key field, the reference field and the parent object.

        https://developer.salesforce.com/docs/platform/api-asynch/guide/datafiles-prepare-csv.html
        """
        before, _, parent_field_name = header.rpartition(".")
        parent_name, colon, relationship = before.rpartition(":")
        reference = self._sobject.reference(relationship)
        if reference is None:
            known = [f.relationship_name for f in self._sobject.fields if f.relationship_name]
            self.problems.append(
                f"{name}: {self._sobject.name} has no relationship {relationship}"
                f"{_near(relationship, known)}"
            )
            return None
        spelled = f"{reference.relationship_name}.{parent_field_name}"
        if reference.polymorphic:
            choices = [
                each for each in reference.reference_to if each.lower() == parent_name.lower()
            ]
            if not choices:
                forms = " or ".join(f"{each}:{spelled}" for each in reference.reference_to[:4])
                self.problems.append(
                    f"{name}: {reference.relationship_name} can point to several objects, so the "
                    f"column must name one: {forms}"
                )
                return None
            parent_name, spelled = choices[0], f"{choices[0]}:{spelled}"
        elif colon:
            self.problems.append(
                f"{name}: {reference.relationship_name} points to one object only, so the column "
                f"must be {spelled}, without {parent_name}:"
            )
            return None
        else:
            parent_name = reference.reference_to[0]
        return self._parent_key(name, parent_name, parent_field_name, spelled, reference)

    def _parent_key(
        self, name: str, parent_name: str, field_name: str, spelled: str, reference: Field
    ) -> tuple[str, Field, Field, str] | None:
        try:
            parent = self._describe(parent_name)
        except NotFoundError:
            self.problems.append(f"{name}: this user may not see the object {parent_name}")
            return None
        field = parent.field(field_name)
        keys = [each.name for each in parent.fields if each.external_id or each.id_lookup]
        if field is None or not (field.external_id or field.id_lookup):
            self.problems.append(
                f"{name}: {parent_name}.{field_name} cannot identify a parent; "
                f"use one of {', '.join(keys)}"
            )
            return None
        if not reference.accepts(self._operation):
            self.problems.append(f"{name}: this user cannot write {reference.name}")
            return None
        return spelled[: -len(field_name)] + field.name, field, reference, parent.name

    def check_key(self) -> None:
        """Check that the key is a field that can be one."""
        if self._key_name is None:
            return
        field = self._sobject.field(self._key_name)
        keys = [each.name for each in self._sobject.fields if each.external_id]
        if field is None or not _may_be_key(field):
            self.problems.append(
                f"{self._sobject.name}.{self._key_name} is not an external ID field, so it cannot "
                f"be the key of {self._operation}; use one of: {', '.join(keys) or 'none'}"
            )

    def check_filled(self) -> None:
        """Check that something fills the key and, on insert, the required fields."""
        key = None if self._key_name is None else self._sobject.field(self._key_name)
        if key is not None and self.key is None and _may_be_key(key):
            self.problems.append(f"no property is mapped to the key {key.name}")
        if self._operation is not Operation.INSERT:
            return
        filled = {(column.reference or column.field).name for column in self.columns.values()}
        missing = [
            field.name
            for field in self._sobject.fields
            if field.required_on_insert and field.name not in filled
        ]
        if missing:
            self.problems.append(f"no property is mapped to the required {', '.join(missing)}")


def is_left_out(target: Any) -> bool:
    """Whether an entry of `field_mapping` says that its property is not loaded.

    Meltano drops nulls, so an empty text means the same, also in the long form.
    """
    is_long = isinstance(target, dict) and "value" not in target
    return target is None or (target.get("field") if is_long else target) == ""


def _may_be_key(field: Field) -> bool:
    return field.external_id or field.id_lookup or field.name == "Id"


#: The options of a column in the long form of a mapping, with their values.
_CHOICES = {
    "nulls": ("clear", "ignore"),
    "empty_strings": ("clear", "ignore"),
    "too_long": ("reject", "truncate"),
}


def _wrong_details(name: str, details: Mapping[str, Any]) -> list[str]:
    """The problems of a mapping in its long form, except those of the field it names."""
    known = ("field", "value", *_CHOICES)
    wrong = [
        f"{name}.{member} is unknown (allowed: {', '.join(known)})"
        for member in details
        if member not in known
    ]
    wrong += [
        f"{name}.{member} must be {' or '.join(allowed)}"
        for member, allowed in _CHOICES.items()
        if details.get(member) is not None and details[member] not in allowed
    ]
    if not isinstance(details.get("field"), str):
        wrong.append(f"{name}: the mapping names no field")
    return wrong


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _near(name: str, known: Any) -> str:
    """A suggestion for a misspelt name; empty if none is close."""
    by_plain = {_plain(each): each for each in known if each}
    close = difflib.get_close_matches(_plain(name), by_plain, n=1, cutoff=0.75)
    return f" (did you mean {by_plain[close[0]]}?)" if close else ""
