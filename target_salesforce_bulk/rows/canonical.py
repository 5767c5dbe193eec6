"""How the cells of a row compare, with one another and with what Salesforce sends back of them.

A successful result carries each value as Salesforce understood it: 912260031 comes back as
9.12260031E8, a date-time in UTC, an Id with 18 characters for 15. It may also say less than was
sent: a date-time without its milliseconds, a number of another scale
(https://github.com/rudderlabs/rudder-server/commit/ea126d39b).

Every form here is total, and takes a time that is linear in the cell's length: a text that is no
value of its type stands for itself.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.salesforce.sobject import Field

#: What Salesforce removes at the ends of a text when it saves it. Its documentation says "leading
#: and trailing white spaces"; other blanks than these are not treated alike by the server.
# https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_data_diff_event_fields_considerations.htm
# https://github.com/forcedotcom/dataloader/pull/1453
_BLANKS = " \t\r\n"

# Exponents of more digits than this are no number of any field.
_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,9}))?")


def canonical(field: Field) -> Callable[[str], str]:
    """The form of a cell in which equal values of this field are equal texts.

    Blanks at the ends count: not every field loses them.
    """
    by_type = _BY_TYPE.get(field.type, _text)
    return lambda cell: "" if cell == "#N/A" else by_type(cell)


def canonical_echo(field: Field) -> Callable[[str], str] | None:
    """The form in which a cell equals any echo of it; None where an echo may say less."""
    if field.type in _SHORTENED:
        return None
    by_type = _BY_TYPE.get(field.type, _trimmed)
    return lambda cell: "" if cell == "#N/A" else by_type(cell)


def canonical_key(field: Field) -> Callable[[str], str]:
    """The form of a cell that says which record a row belongs to.

    Texts that differ only in blanks at their ends name one record, whether Salesforce removes them
    or not: to merge two rows costs less than to let them overwrite each other in any order.

    Case does not matter unless the field says otherwise. `lower` and not `casefold`: Salesforce
    keeps `Straße` and `STRASSE` apart, and two records taken for one would lose a row.
    """
    by_type = _BY_TYPE.get(field.type)
    if by_type is not None:
        return by_type
    return _trimmed if field.case_sensitive else _trimmed_lower


def _text(cell: str) -> str:
    return cell


def _trimmed(cell: str) -> str:
    return cell.strip(_BLANKS)


def _trimmed_lower(cell: str) -> str:
    return cell.strip(_BLANKS).lower()


def _number(cell: str) -> str:
    match = _NUMBER.fullmatch(cell.strip(_BLANKS))
    if match is None:
        return cell
    sign, whole, fraction, exponent = match.groups("")
    digits = whole + fraction
    if not digits:
        return cell
    text = digits.rstrip("0")
    power = int(exponent or 0) - len(fraction) + len(digits) - len(text)
    text = text.lstrip("0")
    return f"{'-' if sign == '-' else ''}{text}e{power}" if text else "0"


def _datetime(cell: str) -> str:
    try:
        value = datetime.fromisoformat(cell)
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):  # the latter: a moment outside the years 1 to 9999
        return cell


def _time(cell: str) -> str:
    whole, _, fraction = cell.rstrip("Z").partition(".")
    return f"{whole}.{fraction[:3]:0<3}"


def _id(cell: str) -> str:
    return cell[:15]


#: Types of which an echo may say less than was sent.
_SHORTENED = frozenset({"int", "long", "double", "currency", "percent", "datetime", "time"})

_BY_TYPE: dict[str, Callable[[str], str]] = {
    "int": _number,
    "long": _number,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "boolean": str.lower,
    "datetime": _datetime,
    "time": _time,
    "id": _id,
    "reference": _id,
}
