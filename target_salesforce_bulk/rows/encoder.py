"""Encodes records as CSV rows, by the field map and the types of its fields."""

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

#: The cell that clears a field; an empty cell leaves it unchanged.
# https://developer.salesforce.com/docs/platform/api-asynch/guide/datafiles-prepare-csv.html
CLEAR = "#N/A"

#: The property that says when the source deleted a record.
DELETED_AT = "_sdc_deleted_at"

#: Stands for a property that is missing from a record.
MISSING = object()


class RowRefused(Exception):  # noqa: N818 - an outcome of a row, not an error of the program
    """A row that must not be sent, with the reason in Salesforce's terms."""

    def __init__(self, code: str, message: str, fields: tuple[str, ...]) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields


@dataclass(frozen=True, kw_only=True, slots=True)
class RowOptions:
    """How records are encoded."""

    #: `clear` or `ignore`, for a property that is present and null.
    nulls: str = "clear"
    #: `clear` or `ignore`, for an empty string.
    empty_strings: str = "clear"
    #: `reject` or `truncate`, for a text longer than its field.
    too_long: str = "reject"
    #: Whether rows are checked before they are sent.
    validate: bool = True


class CellEncoder:
    """Encodes the values of one column as cells."""

    def __init__(
        self, column: Column, operation: Operation, options: RowOptions, *, is_key: bool
    ) -> None:
        #: The column.
        self.column = column
        #: Whether the column identifies the record of a row.
        self.is_key = is_key
        #: Whether its values are checked before they are sent.
        self.validate = options.validate
        # A new record has nothing to clear, and `#N/A` would override the default of a field.
        clear = "" if operation is Operation.INSERT else CLEAR
        #: The cell of a null.
        self.null = clear if (column.nulls or options.nulls) == "clear" else ""
        self._empty = clear if (column.empty_strings or options.empty_strings) == "clear" else ""
        #: Whether a row with an empty cell here is refused.
        self.required = (
            options.validate
            and operation is Operation.INSERT
            and column.reference is None
            and column.field.required_on_insert
        )
        #: Formats a value for the field's type.
        self.write = values.BY_TYPE.get(column.field.type, values.text)
        # A truncated key would identify another record.
        names_a_record = is_key or column.reference is not None or column.field.external_id
        truncate = (column.too_long or options.too_long) == "truncate" and not names_a_record
        #: The checks that a cell must pass before it is sent.
        self.checks = checks_for(column.field, truncate=truncate) if options.validate else []

    def cell(self, value: Any) -> str:
        """The cell of a value, or of `MISSING`.

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
            # An empty array clears its field, like a null.
            return self._checked(cell) if cell else self.null
        except ValueRefusedError as refusal:
            raise RowRefused(refusal.code, f"{header}: {refusal.reason}", (header,)) from None

    def description(self, value: Any) -> str:
        """The cell of a value, unchecked, to describe a row that cannot be sent."""
        if value == "" and not self.is_key:
            return self._empty
        if value is None or value is MISSING:
            return self.null if value is None and not self.is_key else ""
        return values.literal(value)

    def _checked(self, cell: str) -> str:
        checked = cell
        for check in self.checks:
            checked = check(checked)
        if CLEAR in {cell, checked}:  # truncation may have produced it
            raise ValueRefusedError(
                "the text #N/A cannot be sent, because it clears the field", "INVALID_FIELD"
            )
        return checked

    def of(self, record: Mapping[str, Any]) -> Any:
        """The value of this column in a record."""
        return (
            self.column.constant if self.column.path is None else look_up(record, self.column.path)
        )


class RowEncoder:
    """Encodes the records of one stream and schema as rows.

    Args:
        field_map: The columns.
        operation: The operation of the jobs.
        options: How records are encoded.
        deletions: Whether the stream deletes records that were deleted in the source. A record is
            then refused if its `_sdc_deleted_at` is not a timestamp.
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
        #: Number of encoded records that were deleted in the source.
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
        #: The header line, with its line ending.
        self.header = encode_row(column.header for column in field_map.columns)

    def encode(self, record: Mapping[str, Any]) -> bytes:
        """The CSV line of a record, with its line ending.

        Raises:
            RowRefused: the record must not be sent.
        """
        deleted_at = record.get(DELETED_AT)
        if deleted_at is not None and self._deletions and not values.is_time_stamp(deleted_at):
            raise RowRefused(
                "INVALID_FIELD",
                f"{DELETED_AT} is not a timestamp, so it is unclear whether the record is deleted: "
                f"{values.shown(deleted_at)}",
                (),
            )
        row = encode_row(self.cells(record))
        if deleted_at is not None:
            self.count_deleted(deleted_at)
        return row

    def count_deleted(self, deleted_at: Any) -> None:
        """Count a row as deleted if its `_sdc_deleted_at` is a timestamp."""
        self.deleted_rows += values.is_time_stamp(deleted_at)

    def cells(self, record: Mapping[str, Any]) -> list[str]:
        """The cells of a record; raises the same errors as `encode`."""
        cells = [each.cell(each.of(record)) for each in self.columns]
        if missing := tuple(header for place, header in self._required if not cells[place]):
            raise RowRefused(
                "REQUIRED_FIELD_MISSING",
                f"Required fields are missing: [{', '.join(missing)}]",
                missing,
            )
        return cells

    def key(self, record: Mapping[str, Any]) -> str | None:
        """The key of a record as text for people; None if it has no key."""
        if self._key is None:
            return None
        value = look_up(record, self._key.path or ())
        return None if value is MISSING or value is None else values.literal(value)

    def describe(self, record: Mapping[str, Any]) -> dict[str, str]:
        """The cells of a record by header, unchecked, to describe a row that cannot be sent."""
        return {each.column.header: each.description(each.of(record)) for each in self.columns}


def is_deleted(record: Mapping[str, Any]) -> bool:
    """Whether a record is marked as deleted in the source."""
    return values.is_time_stamp(record.get(DELETED_AT))


def look_up(value: Any, path: tuple[str, ...]) -> Any:
    """The value at a path of names; None if a step of it is null, `MISSING` if one is absent."""
    for name in path:
        if not isinstance(value, dict):
            return None if value is None else MISSING
        value = value.get(name, MISSING)
    return value
