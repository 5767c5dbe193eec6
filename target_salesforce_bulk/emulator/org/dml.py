"""What one row of a job does to the org, or why it is rejected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.emulator.org.columns import place_of, resolve_column
from target_salesforce_bulk.emulator.org.job import JobFailedError
from target_salesforce_bulk.emulator.org.records import fold
from target_salesforce_bulk.emulator.org.values import BadValueError

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator.org.columns import Column, Parent
    from target_salesforce_bulk.emulator.org.records import Records
    from target_salesforce_bulk.emulator.org.schema import FieldSchema, ObjectSchema


class RowError(Exception):
    """A row that Salesforce rejects; the text is its `sf__Error`."""

    @classmethod
    def of(cls, code: str, message: str, *fields: str) -> RowError:
        """The error in Salesforce's form, `CODE:message:fields --`."""
        names = ",".join(fields)
        return cls(f"{code}:{message}:{names} --" if names else f"{code}:{message}:--")


@dataclass(frozen=True)
class Outcome:
    """What happened to an accepted row."""

    id: str
    created: bool
    #: Its cells as the org prints them.
    cells: list[str]


@dataclass
class _Chunk:
    """Values that the rows of one 200-row chunk must not share."""

    keys: set[str] = field(default_factory=set)
    uniques: dict[tuple[str, str], str] = field(default_factory=dict)


class RowProcessor:
    """Applies the rows of one job.

    Raises:
        JobFailedError: Salesforce refuses the header, and with it the whole job.
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
            raise JobFailedError("InvalidBatch : The 'delete' batch must contain only ids.")
        self._columns = [resolve_column(name, schema, records.schema) for name in header]
        self._key = schema.field(key_name) if key_name else None
        self._key_place = place_of(self._key, header)
        self._id_place = place_of(schema.field("Id"), header)
        if operation == "upsert" and self._key_place is None:
            raise JobFailedError(f"InvalidBatch : Field name not found : {key_name}")
        self._uniques = [
            each.field for each in self._columns if each.field.flag("unique") and not each.parent
        ]
        #: Names of the columns whose field an insert, or an update, may not write.
        self._read_only = {
            flag: [
                each.field.name
                for each in self._columns
                if each.field.name != "Id" and not each.field.flag(flag)
            ]
            for flag in ("createable", "updateable")
        }
        self._chunk = _Chunk()

    def begin_chunk(self) -> None:
        """Begin the next 200 rows, which Salesforce checks together."""
        self._chunk = _Chunk()

    def apply(self, cells: list[str]) -> Outcome:
        """Apply one row.

        Raises:
            RowError: the row is rejected, and nothing of it is stored.
        """
        if len(cells) != len(self._columns):
            raise RowError.of(
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
        """The values by field, and every cell as the org prints it."""
        values: dict[str, Any] = {}
        printed: list[str] = []
        for place, (column, cell) in enumerate(zip(self._columns, cells, strict=True)):
            if cell == "":
                printed.append("")
                continue
            values[column.field.name], text = self._read_cell(column, cell, place)
            printed.append(text)
        return values, printed

    def _read_cell(self, column: Column, cell: str, place: int) -> tuple[Any, str]:
        if cell == "#N/A":
            return None, ""
        if column.parent is not None:
            return self._find_parent(column.parent, column.field.name, cell), cell
        try:
            return column.read(cell)
        except BadValueError as error:
            raise _bad_cell(error, column.field, place) from None

    def _find_parent(self, parent: Parent, field_name: str, cell: str) -> str:
        found = self._records.find_by_key(parent.schema, parent.key, cell)
        if len(found) == 1:
            return found[0]
        if found:
            raise RowError.of(
                "INVALID_FIELD",
                f"More than one record found for external id field: {found}",
                field_name,
            )
        raise RowError.of(
            "INVALID_FIELD",
            f"Foreign key external ID: {cell} not found for field {parent.key.name} in "
            f"entity {parent.schema.name}",
        )

    def _own_id(self, cells: list[str]) -> str:
        cell = "" if self._id_place is None else cells[self._id_place]
        if cell in {"", "#N/A"}:
            raise RowError.of("MISSING_ARGUMENT", "Id not specified in an update call")
        value, _ = self._columns[self._id_place or 0].read(cell)
        return str(value)

    def _insert(self, values: dict[str, Any], printed: list[str]) -> Outcome:
        self._check_writable(values, "createable")
        _check_required([f.name for f in self._schema.required if values.get(f.name) in {None, ""}])
        self._check_parents(values)
        self._check_uniques(values, own_id=None)
        values.pop("Id", None)
        record_id = self._records.insert(self._schema, values)
        self._note_uniques(values, record_id)
        return Outcome(record_id, created=True, cells=printed)

    def _update(self, record_id: str, values: dict[str, Any], printed: list[str]) -> Outcome:
        values.pop("Id", None)
        self._check_exists(record_id, deleted_too=False)
        self._check_writable(values, "updateable")
        _check_required([f.name for f in self._schema.required if values.get(f.name, "") is None])
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
            raise RowError.of("MISSING_ARGUMENT", f"{key.name} not specified", key.name)
        self._check_first_in_chunk(key, values[key.name], cells[place])
        found = self._records.find_by_key(self._schema, key, values[key.name])
        if len(found) > 1:
            raise RowError.of(
                "DUPLICATE_EXTERNAL_ID",
                f"{key.name}: more than one record found for external id field: {found}",
                key.name,
            )
        if found:
            if not key.flag("updateable"):
                values.pop(key.name)
            return self._update(found[0], values, printed)
        if key.name == "Id":
            raise _no_such_record()
        return self._insert(values, printed)

    def _delete(self, record_id: str, printed: list[str]) -> Outcome:
        hard = self._operation == "hardDelete"
        self._check_exists(record_id, deleted_too=hard)
        self._records.delete(record_id, hard=hard)
        return Outcome(record_id, created=False, cells=printed)

    def _check_exists(self, record_id: str, *, deleted_too: bool) -> None:
        state = self._records.state(self._schema, record_id)
        if state == "unknown":
            raise _no_such_record()
        if state == "deleted" and not deleted_too:
            raise RowError.of("ENTITY_IS_DELETED", "entity is deleted")

    def _check_first_in_chunk(self, key: FieldSchema, value: Any, cell: str) -> None:
        folded = fold(key, value)
        if folded in self._chunk.keys:
            raise RowError.of(
                "DUPLICATE_VALUE", f"Duplicate external id specified: {cell}", key.name
            )
        self._chunk.keys.add(folded)

    def _check_writable(self, values: dict[str, Any], flag: str) -> None:
        refused = [name for name in self._read_only[flag] if name in values]
        if refused:
            raise RowError.of(
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
                raise _no_such_record(name)

    def _check_uniques(self, values: dict[str, Any], own_id: str | None) -> None:
        for each in self._uniques:
            value = values.get(each.name)
            if value in {None, ""}:
                continue
            other = self._chunk.uniques.get((each.name, fold(each, value)))
            found = [other] if other else self._records.find_by_key(self._schema, each, value)
            for record_id in found:
                if record_id != own_id:
                    raise RowError.of(
                        "DUPLICATE_VALUE",
                        f"duplicate value found: {each.name} duplicates value on record with id: "
                        f"{record_id}",
                    )

    def _note_uniques(self, values: dict[str, Any], record_id: str) -> None:
        for each in self._uniques:
            if values.get(each.name):
                self._chunk.uniques[each.name, fold(each, values[each.name])] = record_id


def _check_required(missing: list[str]) -> None:
    if missing:
        raise RowError.of(
            "REQUIRED_FIELD_MISSING",
            f"Required fields are missing: [{', '.join(missing)}]",
            *missing,
        )


def _no_such_record(*fields: str) -> RowError:
    return RowError.of("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", *fields)


def _bad_cell(error: BadValueError, field: FieldSchema, place: int) -> RowError:
    if error.code == "INVALID_FIELD":
        return RowError.of(
            "INVALID_FIELD",
            f"Failed to deserialize field at col {place}. Due to, {error.message}",
            field.name,
        )
    return RowError.of(error.code, error.message, field.name)
