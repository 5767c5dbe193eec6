"""What a value of a record looks like in a cell, by the type of its field.

Values come as JSON gives them (text, int, Decimal, bool, list, dict) or as Python's own dates and
times; a number never passes through a float. A value that cannot be meant is refused, not guessed.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: Salesforce's own bounds of a date.
# https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/primitive_data_types.htm
FIRST_YEAR, LAST_YEAR = 1700, 4000

_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
# Tab, line feed and carriage return are text; the other C0 controls are not allowed in XML, which
# is what Salesforce's own text ends up in.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LINE_BREAK = re.compile(r"\r\n?")
_TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")


class ValueRefusedError(Exception):
    """A value that its field cannot take."""

    def __init__(self, reason: str, code: str = "INVALID_TYPE_ON_FIELD_IN_RECORD") -> None:
        super().__init__(reason)
        #: Salesforce's status code for the same mistake.
        self.code = code
        #: The rest of the sentence that begins with the field's name.
        self.reason = reason


def text(value: Any) -> str:
    """Text; numbers and booleans as JSON writes them, arrays and objects as compact JSON."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return _plain(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _plain(_finite(value))
    if isinstance(value, datetime):
        return _datetime_text(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return clean_text(_compact_json(value))


def clean_text(value: str) -> str:
    """Text with the line ends of the job.

    Raises:
        ValueRefusedError: control characters or half of a surrogate pair, which no cell can hold.
    """
    if not value.isprintable():
        if _CONTROL.search(value):
            raise ValueRefusedError("control character in the text", "INVALID_FIELD")
        if "\r" in value:
            value = _LINE_BREAK.sub("\n", value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueRefusedError("half of a surrogate pair in the text", "INVALID_FIELD") from None
    return value


def boolean(value: Any) -> str:
    """`true` or `false`, also from 0 and 1 and from the usual words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    word = str(value).strip().lower()
    if word in _TRUE or (isinstance(value, Decimal) and value == 1):
        return "true"
    if word in _FALSE or (isinstance(value, Decimal) and value == 0):
        return "false"
    raise ValueRefusedError(f"not a boolean: {_show(value)}")


def integer(value: Any) -> str:
    """A whole number without a point: Salesforce refuses `250.0` in an int field."""
    number = _decimal(value)
    if number != number.to_integral_value():
        raise ValueRefusedError(f"value not of required type: {_show(value)}")
    return str(int(number))


def number(value: Any) -> str:
    """A number in plain notation, with every digit it came with."""
    return _plain(_decimal(value))


def day(value: Any) -> str:
    """`YYYY-MM-DD`; of a date-time, the day as written there."""
    if isinstance(value, datetime):
        value = value.date()
    if not isinstance(value, date):
        value = _parsed_date(value)
    return _in_range(value).isoformat()


def moment(value: Any) -> str:
    """A date-time in UTC with `Z`; one without a zone is taken as UTC, a date as its midnight."""
    if not isinstance(value, datetime):
        value = _parsed_datetime(value)
    return _datetime_text(value)


def time_of_day(value: Any) -> str:
    """`HH:MM:SS.mmmZ`."""
    if isinstance(value, time):
        value = value.isoformat()
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueRefusedError(f"not a time: {_show(value)}")
    hours, minutes, seconds, fraction, zone = match.groups()
    if int(hours) > 23 or int(minutes) > 59 or int(seconds or 0) > 59:
        raise ValueRefusedError(f"not a time: {_show(value)}")
    if zone not in {None, "Z", "+00:00", "+0000"}:
        raise ValueRefusedError(f"a time has no zone in Salesforce: {_show(value)}")
    millis = ((fraction or ".")[1:] + "000")[:3]
    return f"{hours}:{minutes}:{seconds or '00'}.{millis}Z"


def multipicklist(value: Any) -> str:
    """Members joined with `;`."""
    if isinstance(value, list):
        members = [text(member) for member in value]
        if any(";" in member for member in members):
            raise ValueRefusedError("a member holds a semicolon, which parts members")
        return ";".join(members)
    return text(value)


def _decimal(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise ValueRefusedError(f"value not of required type: {_show(value)}")
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, int | Decimal):
        result = Decimal(value)
    elif isinstance(value, str) and "_" not in value:
        try:
            result = Decimal(value.strip())
        except InvalidOperation:
            raise ValueRefusedError(f"value not of required type: {_show(value)}") from None
    else:
        raise ValueRefusedError(f"value not of required type: {_show(value)}")
    if not result.is_finite():
        raise ValueRefusedError(f"not a finite number: {_show(value)}")
    return result


def _finite(value: float) -> Decimal:
    result = Decimal(repr(value))
    if not result.is_finite():
        raise ValueRefusedError(f"not a finite number: {value}")
    return result


def _plain(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueRefusedError(f"not a finite number: {value}")
    # 1e100000 written out would be a cell of that many characters; no field holds it.
    if abs(value.adjusted()) > 400:
        raise ValueRefusedError(f"number out of range: {_show(value)}")
    return format(value, "f")


def _parsed_date(value: Any) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            return _parsed_datetime(value).date()
    raise ValueRefusedError(f"not a date: {_show(value)}")


def _parsed_datetime(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value.strip())
        except ValueError:
            pass
    elif isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise ValueRefusedError(f"not a date and time: {_show(value)}")


def _datetime_text(value: datetime) -> str:
    try:
        value = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueRefusedError(f"date out of range: {_show(value)}") from None
    _in_range(value)
    # Salesforce keeps milliseconds; more digits are accepted and cut.
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"


def _in_range(value: date) -> date:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueRefusedError(
            f"date out of range: {value.isoformat()}; Salesforce takes the years "
            f"{FIRST_YEAR} to {LAST_YEAR}"
        )
    return value


def _compact_json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_json_number)
    except (TypeError, ValueError):
        raise ValueRefusedError(f"cannot be written as text: {type(value).__name__}") from None


def _json_number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError


def _show(value: Any) -> str:
    """A value in a message: short, on one line."""
    shown = str(value)
    return repr(shown if len(shown) <= 60 else f"{shown[:57]}...")[1:-1]


#: How the values of each describe type are written. A type that is not here takes text.
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
