"""What one row of a job does to the org, or why it does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.emulator.org.records import fold
from target_salesforce_bulk.emulator.org.values import BadValueError, reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.records import Records
    from target_salesforce_bulk.emulator.org.schema import FieldSchema, ObjectSchema


class HeaderError(Exception):
    """A header for which Salesforce refuses the whole job."""


class RowError(Exception):
    """A row that Salesforce refuses; its text is `sf__Error`."""

    def __init__(self, code: str, message: str, *fields: str) -> None:
        names = ",".join(fields)
        super().__init__(f"{code}:{message}:{names} --" if names else f"{code}:{message}:--")


@dataclass(frozen=True)
class Column:
    """One column of an upload, resolved against the object."""

    field: FieldSchema
    read: Callable[[str], tuple[Any, str]]
    #: For a parent column: the parent's object and the field it is looked up by.
    parent: ObjectSchema | None = None
    parent_key: FieldSchema | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a row that was taken."""

    id: str
    created: bool
    #: Its cells as the org prints them.
    cells: list[str]


@dataclass
class _Chunk:
    """What rows of one 200-row chunk must not share."""

    keys: set[str] = field(default_factory=set)
    uniques: dict[tuple[str, str], str] = field(default_factory=dict)


class RowProcessor:
    """Applies the rows of one job.

    Raises:
        HeaderError: the header is one for which Salesforce refuses the job.
    """

    def __init__(
        self,
        records: Records,
        schema: ObjectSchema,
        operation: str,
        key_name: str | None,
        header: list[str],
    ) -> None:
        self._records = records
        self._schema = schema
        self._operation = operation
        if operation in {"delete", "hardDelete"} and [h.lower() for h in header] != ["id"]:
            raise HeaderError("InvalidBatch : The 'delete' batch must contain only ids.")
        self._columns = [self._resolve(name) for name in header]
        self._key = schema.field(key_name) if key_name else None
        self._key_place = self._place_of(self._key, header)
        self._id_place = self._place_of(schema.field("Id"), header)
        if operation == "upsert" and self._key_place is None:
            raise HeaderError(f"InvalidBatch : Field name not found : {key_name}")
        self._uniques = [
            (place, column.field)
            for place, column in enumerate(self._columns)
            if column.field.flag("unique") and column.parent is None
        ]
        self._required = [
            each
            for each in schema.fields
            if each.flag("createable")
            and not each.flag("nillable")
            and not each.flag("defaultedOnCreate")
        ]
        #: Names of the columns whose field an insert, or an update, may not write.
        self._not = {
            flag: [
                each.field.name
                for each in self._columns
                if each.field.name != "Id" and not each.field.flag(flag)
            ]
            for flag in ("createable", "updateable")
        }
        self._chunk = _Chunk()

    def _place_of(self, field: FieldSchema | None, header: list[str]) -> int | None:
        for place, name in enumerate(header):
            if field is not None and name.lower() == field.name.lower():
                return place
        return None

    def _resolve(self, name: str) -> Column:
        if "." in name:
            return self._resolve_parent(name)
        field = self._schema.field(name)
        if field is None:
            raise HeaderError(f"InvalidBatch : Field name not found : {name}")
        return Column(field, reader(field))

    def _resolve_parent(self, name: str) -> Column:
        """Rules and texts as observed on a real org at v65."""
        before, _, key_name = name.rpartition(".")
        target, _, relationship = before.rpartition(":")
        reference = self._schema.reference(relationship)
        if reference is None:
            raise HeaderError(f"InvalidBatch : Unable to find relationship: {relationship}")
        polymorphic = len(reference.reference_to) > 1
        if target and not polymorphic:
            raise HeaderError(
                "InvalidBatch : type is not needed for non polymorphic foreign key references: "
                f"{relationship}"
            )
        if polymorphic and target.lower() not in {x.lower() for x in reference.reference_to}:
            raise HeaderError(f"InvalidBatch : Field name not found : {name}")
        parent = self._records.schema.find(target or reference.reference_to[0])
        key = parent.field(key_name) if parent else None
        if parent is None or key is None or not (key.flag("externalId") or key.flag("idLookup")):
            raise HeaderError(f"InvalidBatch : Field name not found : {name}")
        return Column(reference, lambda cell: (cell, cell), parent, key)

    def begin_chunk(self) -> None:
        """Begin the next 200 rows, which go through triggers and checks together."""
        self._chunk = _Chunk()

    def apply(self, cells: list[str]) -> Outcome:
        """Apply one row.

        Raises:
            RowError: the row is refused, and nothing of it is kept.
        """
        if len(cells) != len(self._columns):
            raise RowError(
                "INVALID_FIELD",
                "Number of fields in header is different from the row. header = "
                f"{len(self._columns)} row = {len(cells)}",
            )
        values, printed = self._read(cells)
        match self._operation:
            case "insert":
                return self._insert(values, printed)
            case "update":
                return self._update(self._own_id(cells), values, printed)
            case "upsert":
                return self._upsert(cells, values, printed)
            case _:
                return self._delete(self._own_id(cells), printed)

    def _read(self, cells: list[str]) -> tuple[dict[str, Any], list[str]]:
        values: dict[str, Any] = {}
        printed: list[str] = []
        for place, (column, cell) in enumerate(zip(self._columns, cells, strict=True)):
            if cell == "":
                printed.append("")
                continue
            if cell == "#N/A":
                values[column.field.name] = None
                printed.append("")
                continue
            if column.parent is not None:
                values[column.field.name] = self._parent(column, cell)
                printed.append(cell)
                continue
            try:
                value, text = column.read(cell)
            except BadValueError as error:
                raise _bad_cell(error, column.field, place) from None
            values[column.field.name] = value
            printed.append(text)
        return values, printed

    def _parent(self, column: Column, cell: str) -> str:
        if column.parent is None or column.parent_key is None:
            raise AssertionError(column)
        found = self._records.find_by_key(column.parent, column.parent_key, cell)
        if len(found) == 1:
            return found[0]
        if found:
            raise RowError(
                "INVALID_FIELD",
                f"More than one record found for external id field: {found}",
                column.field.name,
            )
        raise RowError(
            "INVALID_FIELD",
            f"Foreign key external ID: {cell} not found for field {column.parent_key.name} in "
            f"entity {column.parent.name}",
        )

    def _own_id(self, cells: list[str]) -> str:
        cell = "" if self._id_place is None else cells[self._id_place]
        if cell in {"", "#N/A"}:
            raise RowError("MISSING_ARGUMENT", "Id not specified in an update call")
        value, _ = self._columns[self._id_place or 0].read(cell)
        return str(value)

    def _insert(self, values: dict[str, Any], printed: list[str]) -> Outcome:
        self._check_writable(values, "createable")
        missing = [f.name for f in self._required if values.get(f.name) in {None, ""}]
        if missing:
            raise RowError(
                "REQUIRED_FIELD_MISSING",
                f"Required fields are missing: [{', '.join(missing)}]",
                *missing,
            )
        self._check_parents(values)
        self._check_uniques(values, own_id=None)
        values.pop("Id", None)
        record_id = self._records.insert(self._schema, values)
        self._note_uniques(values, record_id)
        return Outcome(record_id, created=True, cells=printed)

    def _update(self, record_id: str, values: dict[str, Any], printed: list[str]) -> Outcome:
        values.pop("Id", None)
        state = self._records.state(self._schema, record_id)
        if state == "deleted":
            raise RowError("ENTITY_IS_DELETED", "entity is deleted")
        if state == "unknown":
            raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        self._check_writable(values, "updateable")
        nulled = [f.name for f in self._required if f.name in values and values[f.name] is None]
        if nulled:
            raise RowError(
                "REQUIRED_FIELD_MISSING",
                f"Required fields are missing: [{', '.join(nulled)}]",
                *nulled,
            )
        self._check_parents(values)
        self._check_uniques(values, own_id=record_id)
        self._records.update(self._schema, record_id, values)
        self._note_uniques(values, record_id)
        return Outcome(record_id, created=False, cells=printed)

    def _upsert(self, cells: list[str], values: dict[str, Any], printed: list[str]) -> Outcome:
        key, place = self._key, self._key_place
        if key is None or place is None:
            raise AssertionError("An upsert has a key.")
        if cells[place] in {"", "#N/A"}:
            if key.name == "Id":
                return self._insert(values, printed)
            raise RowError("MISSING_ARGUMENT", f"{key.name} not specified", key.name)
        value = fold(key, values[key.name])
        if value in self._chunk.keys:
            raise RowError(
                "DUPLICATE_VALUE", f"Duplicate external id specified: {cells[place]}", key.name
            )
        self._chunk.keys.add(value)
        found = self._records.find_by_key(self._schema, key, values[key.name])
        if len(found) > 1:
            raise RowError(
                "DUPLICATE_EXTERNAL_ID",
                f"{key.name}: more than one record found for external id field: {found}",
                key.name,
            )
        if found:
            if not key.flag("updateable"):
                values.pop(key.name)
            return self._update(found[0], values, printed)
        if key.name == "Id":
            raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        return self._insert(values, printed)

    def _delete(self, record_id: str, printed: list[str]) -> Outcome:
        state = self._records.state(self._schema, record_id)
        hard = self._operation == "hardDelete"
        if state == "unknown":
            raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if state == "deleted" and not hard:
            raise RowError("ENTITY_IS_DELETED", "entity is deleted")
        self._records.delete(record_id, hard=hard)
        return Outcome(record_id, created=False, cells=printed)

    def _check_writable(self, values: dict[str, Any], flag: str) -> None:
        refused = [name for name in self._not[flag] if name in values]
        if refused:
            raise RowError(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                f"Unable to create/update fields: {', '.join(refused)}. Please check the security "
                "settings of this field and verify that it is read/write for your profile or "
                "permission set.",
                *refused,
            )

    def _check_parents(self, values: dict[str, Any]) -> None:
        for column in self._columns:
            name = column.field.name
            if column.field.type != "reference" or column.parent or not values.get(name):
                continue
            targets = [self._records.schema.find(each) for each in column.field.reference_to]
            known = [each for each in targets if each is not None]
            if known and not any(
                self._records.state(each, values[name]) == "live" for each in known
            ):
                raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", name)

    def _check_uniques(self, values: dict[str, Any], own_id: str | None) -> None:
        for _, each in self._uniques:
            value = values.get(each.name)
            if value in {None, ""}:
                continue
            other = self._chunk.uniques.get((each.name, fold(each, value)))
            found = [other] if other else self._records.find_by_key(self._schema, each, value)
            for record_id in found:
                if record_id != own_id:
                    raise RowError(
                        "DUPLICATE_VALUE",
                        f"duplicate value found: {each.name} duplicates value on record with id: "
                        f"{record_id}",
                    )

    def _note_uniques(self, values: dict[str, Any], record_id: str) -> None:
        for _, each in self._uniques:
            if values.get(each.name):
                self._chunk.uniques[each.name, fold(each, values[each.name])] = record_id


def _bad_cell(error: BadValueError, field: FieldSchema, place: int) -> RowError:
    if error.code == "INVALID_FIELD":
        return RowError(
            "INVALID_FIELD",
            f"Failed to deserialize field at col {place}. Due to, {error.message}",
            field.name,
        )
    return RowError(error.code, error.message, field.name)
