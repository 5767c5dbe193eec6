"""Formats the values of records as cells, by the type of the field.

Values are those of JSON (text, int, Decimal, bool, list, dict) or Python's dates and times; a
number never passes through a float. A value that does not fit is refused, never guessed: the
formatting functions raise `ValueRefusedError` for it.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable

#: The years that Salesforce accepts in a date.
# https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/primitive_data_types.htm
FIRST_YEAR, LAST_YEAR = 1700, 4000

# More digits before or after the decimal point than any field holds, and as many in bits.
_MOST_DIGITS = 400
_MOST_BITS = 1328
# Nested arrays and objects; bounds the recursion that writes them.
_DEEPEST = 100

_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
# Tab, line feed and carriage return are text. The other C0 control characters are not allowed in
# XML, and Salesforce also delivers text as XML.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LINE_BREAK = re.compile(r"\r\n?")
_WORDS = {None: "null", True: "true", False: "false"}
_quoted = json.JSONEncoder(ensure_ascii=False).encode
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")


class ValueRefusedError(Exception):
    """A value that its field cannot hold."""

    def __init__(self, reason: str, code: str = "INVALID_TYPE_ON_FIELD_IN_RECORD") -> None:
        super().__init__(reason)
        #: Salesforce's status code for the same mistake.
        self.code = code
        #: Why; follows the name of the field in a message.
        self.reason = reason


def text(value: Any) -> str:
    """Text; numbers and booleans as in JSON, arrays and objects as compact JSON."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return _plain(_decimal(value))
    if isinstance(value, datetime):
        return _datetime_text(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return clean_text(_compact_json(value, 0))


def clean_text(value: str) -> str:
    """Text with the line endings of the job (LF).

    Raises:
        ValueRefusedError: control characters or an unpaired surrogate, which no cell can hold.
    """
    if not value.isprintable():
        if _CONTROL.search(value):
            raise ValueRefusedError("control character in the text", "INVALID_FIELD")
        if "\r" in value:
            value = _LINE_BREAK.sub("\n", value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueRefusedError("unpaired surrogate in the text", "INVALID_FIELD") from None
    return value


def boolean(value: Any) -> str:
    """`true` or `false`; also accepts 0, 1 and common words such as `yes`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    word = value.strip().lower() if isinstance(value, str) else ""
    if isinstance(value, int | float | Decimal):
        word = {Decimal(1): "1", Decimal(0): "0"}.get(_decimal(value), "")
    if word in _TRUE:
        return "true"
    if word in _FALSE:
        return "false"
    raise ValueRefusedError(f"not a boolean: {shown(value)}")


def integer(value: Any) -> str:
    """An integer without a decimal point: Salesforce refuses `250.0` in an int field."""
    number = _decimal(value)
    _check_size(number)
    if number != number.to_integral_value():
        raise ValueRefusedError(f"value not of required type: {shown(value)}")
    return str(int(number))


def number(value: Any) -> str:
    """A number in plain notation, with all of its digits."""
    return _plain(_decimal(value))


def day(value: Any) -> str:
    """`YYYY-MM-DD`; of a date-time, the date as written, without converting it to UTC."""
    if isinstance(value, datetime):
        value = value.date()
    if not isinstance(value, date):
        value = _parsed_date(value)
    return _in_range(value).isoformat()


def moment(value: Any) -> str:
    """A date-time in UTC with `Z`; one without a zone is taken as UTC, a date as midnight UTC."""
    if not isinstance(value, datetime):
        value = _parsed_datetime(value)
    return _datetime_text(value)


def time_of_day(value: Any) -> str:
    """`HH:MM:SS.mmmZ`; only UTC is accepted as a zone."""
    if isinstance(value, time):
        value = value.isoformat()
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueRefusedError(f"not a time: {shown(value)}")
    hours, minutes, seconds, fraction, zone = match.groups()
    if int(hours) > 23 or int(minutes) > 59 or int(seconds or 0) > 59:
        raise ValueRefusedError(f"not a time: {shown(value)}")
    if zone not in {None, "Z", "+00:00", "+0000"}:
        raise ValueRefusedError(f"Salesforce times have no time zone: {shown(value)}")
    millis = ((fraction or ".")[1:] + "000")[:3]
    return f"{hours}:{minutes}:{seconds or '00'}.{millis}Z"


def multipicklist(value: Any) -> str:
    """Members joined with `;`. Nulls and empty strings are skipped, so the cell may be empty."""
    if isinstance(value, list):
        if any(isinstance(member, list | dict) for member in value):
            raise ValueRefusedError("a member is an array or an object")
        members = [text(member) for member in value if member is not None and member != ""]
        if any(";" in member for member in members):
            raise ValueRefusedError("a member contains a semicolon, which separates members")
        return ";".join(members)
    return text(value)


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise _wrong_type(value)
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise ValueRefusedError("number out of range")  # converting it to text would take too long
    if isinstance(value, str) and "_" in value:
        raise _wrong_type(value)
    try:
        result = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise _wrong_type(value) from None
    if not result.is_finite():
        raise ValueRefusedError(f"not a finite number: {shown(value)}")
    return result


def _wrong_type(value: Any) -> ValueRefusedError:
    return ValueRefusedError(f"value not of required type: {shown(value)}")


def _check_size(value: Decimal) -> None:
    """Refuse a number that no field holds: 1e100000 would be a cell of 100,001 characters."""
    if abs(value.adjusted()) > _MOST_DIGITS:
        raise ValueRefusedError(f"number out of range: {shown(value)}")


def _plain(value: Decimal) -> str:
    _check_size(value)
    return format(value, "f")


def is_time_stamp(value: Any) -> bool:
    """Whether a value is a date or date-time, or is one as text in ISO 8601.

    A year that Salesforce does not accept does not count: some sources write 0001-01-01 or
    9999-12-31 for "never".
    """
    if isinstance(value, str) and _ISO_DAY.match(value):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return False
    return isinstance(value, date) and FIRST_YEAR <= value.year <= LAST_YEAR


def _parsed_date(value: Any) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            return _parsed_datetime(value).date()
    raise ValueRefusedError(f"not a date: {shown(value)}")


def _parsed_datetime(value: Any) -> datetime:
    # More than eight digits may be epoch time, which sometimes parses as ISO 8601.
    if isinstance(value, str) and not (len(value) > 8 and value.strip().isdecimal()):
        try:
            return datetime.fromisoformat(value.strip())
        except ValueError:
            pass
    elif isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise ValueRefusedError(f"not a date and time: {shown(value)}")


def _datetime_text(value: datetime) -> str:
    try:
        value = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueRefusedError(f"date out of range: {shown(value)}") from None
    _in_range(value)
    # Salesforce keeps milliseconds; further digits are dropped.
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"


def _in_range(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueRefusedError(
            f"date out of range: {value.isoformat()}; Salesforce accepts the years "
            f"{FIRST_YEAR} to {LAST_YEAR}"
        )
    return value


def _compact_json(value: Any, depth: int) -> str:
    """An array or object as JSON, with numbers as `text` writes them."""
    if depth > _DEEPEST:
        raise ValueRefusedError(f"arrays and objects are nested more than {_DEEPEST} levels deep")
    if isinstance(value, dict):
        members = (f"{_quoted(str(k))}:{_compact_json(v, depth + 1)}" for k, v in value.items())
        return f"{{{','.join(members)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join([_compact_json(each, depth + 1) for each in value])}]"
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, int | float | Decimal):
        return _plain(_decimal(value))
    if isinstance(value, date | time):
        return f'"{value.isoformat()}"'
    if isinstance(value, str):
        return _quoted(value)
    raise ValueRefusedError(f"cannot be written as text: {type(value).__name__}")


def literal(value: Any) -> str:
    """Text for any value, for people to read; also for a value that no cell can hold."""
    try:
        return text(value)
    except ValueRefusedError:
        return ascii(value) if isinstance(value, str) else _spelled(value)


def shown(value: Any) -> str:
    """A value for a message: short, on one line."""
    return plain_text(_spelled(value), 60)


def _spelled(value: Any) -> str:
    """A value as Python writes it, or else its type."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)  # unlike an int, a Decimal has no limit of digits
    try:
        return ascii(value) if isinstance(value, list | dict) else str(value)
    except (RecursionError, ValueError):
        return f"<{type(value).__name__}>"


#: The format of each describe type. Types that are not listed take text.
# https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/field_types.htm
BY_TYPE: dict[str, Callable[[Any], str]] = {
    "boolean": boolean,
    "int": integer,
    "long": integer,
    "double": number,
    "currency": number,
    "percent": number,
    "date": day,
    "datetime": moment,
    "time": time_of_day,
    "multipicklist": multipicklist,
}
