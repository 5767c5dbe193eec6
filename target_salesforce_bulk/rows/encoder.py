"""A record in, a CSV row out, by the field map and the types of its fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.rows import values
from target_salesforce_bulk.rows.checks import checks_for
from target_salesforce_bulk.rows.csvfile import encode_row
from target_salesforce_bulk.rows.values import ValueRefusedError
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_salesforce_bulk.mapping.field_map import Column, FieldMap

#: What clears a field; an empty cell leaves it alone.
CLEAR = "#N/A"

#: The property that says when its source deleted a record.
DELETED_AT = "_sdc_deleted_at"

#: Stands for a property that a record does not have.
MISSING = object()


class RowRefused(Exception):  # noqa: N818 - an outcome of a row, not an error of the program
    """A row that must not be sent, in Salesforce's terms."""

    def __init__(self, code: str, message: str, fields: tuple[str, ...]) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields


@dataclass(frozen=True, kw_only=True, slots=True)
class RowOptions:
    """How rows are made."""

    #: `clear` or `ignore`, for a property that is there and null.
    nulls: str = "clear"
    #: `clear` or `ignore`, for an empty text.
    empty_strings: str = "clear"
    #: `reject` or `truncate`, for a text longer than its field.
    too_long: str = "reject"
    #: Whether rows are checked before they are sent.
    validate: bool = True


class CellEncoder:
    """Turns the values of one column into cells."""

    def __init__(
        self, column: Column, operation: Operation, options: RowOptions, *, is_key: bool
    ) -> None:
        #: The column.
        self.column = column
        #: Whether it says which record a row belongs to.
        self.is_key = is_key
        #: Whether its values are checked before they are sent.
        self.validate = options.validate
        # A new record has nothing to clear, and `#N/A` would keep a field from its default.
        clear = "" if operation is Operation.INSERT else CLEAR
        #: The cell of a null.
        self.null = clear if (column.nulls or options.nulls) == "clear" else ""
        self._empty = clear if (column.empty_strings or options.empty_strings) == "clear" else ""
        #: Whether a row without it is refused.
        self.required = (
            options.validate
            and operation is Operation.INSERT
            and column.reference is None
            and column.field.required_on_insert
        )
        #: Writes a value as the field's type wants it.
        self.write = values.BY_TYPE.get(column.field.type, values.text)
        # A key that is cut names another record.
        names_a_record = is_key or column.reference is not None or column.field.external_id
        truncate = (column.too_long or options.too_long) == "truncate" and not names_a_record
        #: What the cell must pass before it is sent.
        self.checks = checks_for(column.field, truncate=truncate) if options.validate else []

    def cell(self, value: Any) -> str:
        """The cell of a value; `MISSING` stands for a property that a record does not have.

        Raises:
            RowRefused: the value must not be sent.
        """
        header = self.column.header
        if value is None or value is MISSING or value == "":
            if self.is_key:
                raise RowRefused(
                    "MISSING_ARGUMENT", f"{header} not specified: the row has no key", (header,)
                )
            return "" if value is MISSING else self.null if value is None else self._empty
        try:
            cell = self.write(value)
            # An array without members clears its field like a null.
            return self._checked(cell) if cell else self.null
        except ValueRefusedError as refusal:
            raise RowRefused(refusal.code, f"{header}: {refusal.reason}", (header,)) from None

    def description(self, value: Any) -> str:
        """The cell of a value that is not checked, as a text, for a row that cannot be sent."""
        if value == "" and not self.is_key:
            return self._empty
        if value is None or value is MISSING:
            return self.null if value is None and not self.is_key else ""
        return values.literal(value)

    def _checked(self, cell: str) -> str:
        checked = cell
        for check in self.checks:
            checked = check(checked)
        if CLEAR in {cell, checked}:  # it may have become that by being cut
            raise ValueRefusedError(
                "the text #N/A cannot be sent, because it clears the field", "INVALID_FIELD"
            )
        return checked

    def of(self, record: Mapping[str, Any]) -> Any:
        """The value of a record that goes to this column."""
        return (
            self.column.constant if self.column.path is None else look_up(record, self.column.path)
        )


class RowEncoder:
    """Turns the records of one stream and schema into rows.

    Args:
        field_map: The columns.
        operation: What the jobs will do.
        options: How rows are made.
        deletions: Whether records that the source deleted go another way, so that one for which
            this cannot be told must be refused.
    """

    def __init__(
        self,
        field_map: FieldMap,
        operation: Operation,
        options: RowOptions,
        *,
        deletions: bool = False,
    ) -> None:
        self._deletions = deletions
        #: Rows made of records that their source deleted.
        self.deleted_rows = 0
        self._key = key = field_map.key
        #: The columns, in the order of their cells.
        self.columns = [
            CellEncoder(
                column, operation, options, is_key=key is not None and column.header == key.header
            )
            for column in field_map.columns
        ]
        self._required = [
            (place, each.column.header) for place, each in enumerate(self.columns) if each.required
        ]
        #: The header line.
        self.header = encode_row(column.header for column in field_map.columns)

    def encode(self, record: Mapping[str, Any]) -> bytes:
        """The CSV line of a record.

        Raises:
            RowRefused: the record must not be sent.
        """
        deleted_at = record.get(DELETED_AT)
        if deleted_at is not None and self._deletions and not values.is_time_stamp(deleted_at):
            raise RowRefused(
                "INVALID_FIELD",
                f"{DELETED_AT} is no time stamp, so it is unknown whether the record is deleted: "
                f"{values.shown(deleted_at)}",
                (),
            )
        row = encode_row(self.cells(record))
        if deleted_at is not None:
            self.count_deleted(deleted_at)
        return row

    def count_deleted(self, deleted_at: Any) -> None:
        """Count a row, if what its record has there says that it is deleted."""
        self.deleted_rows += values.is_time_stamp(deleted_at)

    def cells(self, record: Mapping[str, Any]) -> list[str]:
        """The cells of a record; raises as `encode` does."""
        cells = [each.cell(each.of(record)) for each in self.columns]
        if missing := tuple(header for place, header in self._required if not cells[place]):
            raise RowRefused(
                "REQUIRED_FIELD_MISSING",
                f"Required fields are missing: [{', '.join(missing)}]",
                missing,
            )
        return cells

    def key(self, record: Mapping[str, Any]) -> str | None:
        """What names a record to a person: the value of its key."""
        if self._key is None:
            return None
        value = look_up(record, self._key.path or ())
        return None if value is MISSING or value is None else values.literal(value)

    def describe(self, record: Mapping[str, Any]) -> dict[str, str]:
        """The cells of a record by header, unchecked, for a row that cannot be sent."""
        return {each.column.header: each.description(each.of(record)) for each in self.columns}


def is_deleted(record: Mapping[str, Any]) -> bool:
    """Whether a record says that its source deleted it."""
    return values.is_time_stamp(record.get(DELETED_AT))


def look_up(value: Any, path: tuple[str, ...]) -> Any:
    """What is at a path of names within a value; null where the path ends in one."""
    for name in path:
        if not isinstance(value, dict):
            return None if value is None else MISSING
        value = value.get(name, MISSING)
    return value
