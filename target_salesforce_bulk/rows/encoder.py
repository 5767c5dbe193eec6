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
    from collections.abc import Callable, Mapping

    from target_salesforce_bulk.mapping.field_map import Column, FieldMap

#: What clears a field; an empty cell leaves it alone.
CLEAR = "#N/A"

_MISSING = object()


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


class RowEncoder:
    """Turns the records of one stream and schema into rows."""

    def __init__(self, field_map: FieldMap, operation: Operation, options: RowOptions) -> None:
        self._columns = field_map.columns
        self._key = field_map.key
        # A new record has nothing to clear, and `#N/A` would keep a field from its default.
        clear = "" if operation is Operation.INSERT else CLEAR
        self._cells = [self._cell_function(column, clear, options) for column in field_map.columns]
        self._required = [
            (place, column.header)
            for place, column in enumerate(field_map.columns)
            if options.validate
            and operation is Operation.INSERT
            and column.reference is None
            and column.field.required_on_insert
        ]
        #: The header line.
        self.header = encode_row(column.header for column in field_map.columns)

    def encode(self, record: Mapping[str, Any]) -> bytes:
        """The CSV line of a record.

        Raises:
            RowRefused: the record must not be sent.
        """
        return encode_row(self.cells(record))

    def cells(self, record: Mapping[str, Any]) -> list[str]:
        """The cells of a record; raises as `encode` does."""
        cells = [cell(record) for cell in self._cells]
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
        value = _lookup(record, self._key.path)
        return None if value is _MISSING or value is None else _as_text(value)

    def describe(self, record: Mapping[str, Any]) -> dict[str, str]:
        """The cells of a record as they came, by header, for a row that cannot be sent."""
        return {
            column.header: _as_text(
                column.constant if column.path is None else _lookup(record, column.path)
            )
            for column in self._columns
        }

    def _cell_function(
        self, column: Column, clear: str, options: RowOptions
    ) -> Callable[[Mapping[str, Any]], str]:
        write = _writer(column, options)
        is_key = self._key is not None and column.header == self._key.header
        on_null = clear if (column.nulls or options.nulls) == "clear" else ""
        on_empty = clear if (column.empty_strings or options.empty_strings) == "clear" else ""
        header = column.header

        def cell(record: Mapping[str, Any]) -> str:
            value = column.constant if column.path is None else _lookup(record, column.path)
            if value is None or value is _MISSING or value == "":
                if is_key:
                    raise RowRefused(
                        "MISSING_ARGUMENT", f"{header} not specified: the row has no key", (header,)
                    )
                return "" if value is _MISSING else on_null if value is None else on_empty
            try:
                return write(value)
            except ValueRefusedError as refusal:
                raise RowRefused(refusal.code, f"{header}: {refusal.reason}", (header,)) from None

        return cell


def _writer(column: Column, options: RowOptions) -> Callable[[Any], str]:
    write = values.BY_TYPE.get(column.field.type, values.text)
    checks = (
        checks_for(column.field, too_long=column.too_long or options.too_long)
        if options.validate
        else []
    )

    def cell(value: Any) -> str:
        written = write(value)
        if written == CLEAR:
            raise ValueRefusedError(
                "the text #N/A cannot be sent, because it clears the field", "INVALID_FIELD"
            )
        for check in checks:
            written = check(written)
        return written

    return cell


def _lookup(record: Mapping[str, Any], path: tuple[str, ...] | None) -> Any:
    value: Any = record
    for name in path or ():
        if not isinstance(value, dict):
            return _MISSING if value is _MISSING else None if value is None else _MISSING
        value = value.get(name, _MISSING)
    return value


def _as_text(value: Any) -> str:
    if value is None or value is _MISSING:
        return ""
    try:
        return values.text(value)
    except ValueRefusedError:
        return ascii(value)
