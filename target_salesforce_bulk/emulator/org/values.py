"""How the org reads cells, and how it prints their values in result files."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.schema import FieldSchema


class BadValueError(Exception):
    """A cell that is not a valid value of its field."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


_EMAIL = re.compile(r"[^@\s\"<>,;]+@[^@\s\"<>,;.]+(\.[^@\s\"<>,;.]+)+")
_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATETIME = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:?\d{2})?")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

#: A stored value and its text in a result file.
Value = tuple[Any, str]


def reader(field: FieldSchema) -> Callable[[str], Value]:
    """The function that turns a cell of a field into a value.

    It raises BadValueError for a cell that is not valid.
    """
    by_type = {
        "boolean": _boolean,
        "int": _int,
        "long": _int,
        "double": _double,
        "currency": _double,
        "percent": _double,
        "date": _date,
        "datetime": _datetime,
        "id": _id,
        "reference": _id,
    }.get(field.type)
    return by_type or _text_reader(field)


def _text_reader(field: FieldSchema) -> Callable[[str], Value]:
    length = field.length
    is_email = field.type == "email"
    allowed = (
        {value.lower(): value for value in field.picklist_values}
        if field.flag("restrictedPicklist")
        else None
    )
    many = field.type == "multipicklist"

    def read(cell: str) -> Value:
        if length and len(cell) > length:
            label = field.facts.get("label") or field.name
            raise BadValueError(
                "STRING_TOO_LONG",
                f"{label}: data value too large: {cell[:80]} (max length={length})",
            )
        if is_email and not _EMAIL.fullmatch(cell):
            raise BadValueError("INVALID_EMAIL_ADDRESS", f"Email: invalid email address: {cell}")
        if allowed is not None:
            for member in cell.split(";") if many else (cell,):
                if member.lower() not in allowed:
                    raise BadValueError(
                        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                        f"{field.facts.get('label')}: bad value for restricted picklist field: "
                        f"{member}",
                    )
        return cell, cell

    return read


def _boolean(cell: str) -> Value:
    word = cell.lower()
    if word not in {"true", "false", "1", "0"}:
        raise _not_deserialised(cell, "xsd:boolean")
    value = word in {"true", "1"}
    return value, "true" if value else "false"


def _int(cell: str) -> Value:
    if not re.fullmatch(r"[+-]?\d+", cell):
        raise BadValueError(
            "INVALID_TYPE_ON_FIELD_IN_RECORD", f"value not of required type: {cell}"
        )
    return int(cell), str(int(cell))


def _double(cell: str) -> Value:
    try:
        value = Decimal(cell)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise _not_deserialised(cell, "xsd:double")
    return float(value), java_double(float(value))


def java_double(value: float) -> str:
    """A number as Java prints a double, and so as results have it: 9.12260031E8."""
    if value == 0:
        return "0.0"
    if 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, rest = str(digits[0]), "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{first}.{rest}E{int(exponent) + len(digits) - 1}"


def _date(cell: str) -> Value:
    if _DATE.fullmatch(cell):
        try:
            return date.fromisoformat(cell).isoformat(), cell
        except ValueError:
            pass
    raise _not_deserialised(cell, "xsd:date")


def _datetime(cell: str) -> Value:
    # Salesforce reads a time without an offset in the user's zone, which is UTC here.
    if _DATETIME.fullmatch(cell):
        try:
            value = datetime.fromisoformat(cell)
        except ValueError:
            raise _not_deserialised(cell, "xsd:dateTime") from None
        value = value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
        text = f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
        return text, text
    raise _not_deserialised(cell, "xsd:dateTime")


def _id(cell: str) -> Value:
    if not _ID.fullmatch(cell) or (len(cell) == 18 and long_id(cell[:15]) != cell):
        raise BadValueError("MALFORMED_ID", f"id value of incorrect type: {cell}")
    value = long_id(cell[:15])
    return value, value


def long_id(short: str) -> str:
    """The 18-character form of a 15-character id."""
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place in range(5) if "A" <= short[start + place] <= "Z")
        suffix += _ALPHABET[bits]
    return short + suffix


def _not_deserialised(cell: str, soap_type: str) -> BadValueError:
    return BadValueError("INVALID_FIELD", f"'{cell}' is not a valid value for the type {soap_type}")
