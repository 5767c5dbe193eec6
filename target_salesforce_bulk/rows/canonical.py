"""Canonical forms of cells, to compare rows with each other and with Salesforce's results.

A successful result repeats each value as Salesforce interpreted it: 912260031 comes back as
9.12260031E8, a date-time in UTC, an Id of 15 characters with 18. It may also be less precise than
what was sent: a date-time without milliseconds, a number with another scale
(https://github.com/rudderlabs/rudder-server/commit/ea126d39b).

Every form is defined for all texts and takes time linear in the cell's length: a text that is not a
value of its type stays as it is.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.salesforce.sobject import Field

#: What Salesforce strips from the ends of a text when it saves it. Its documentation says "leading
#: and trailing white spaces"; the server does not treat other whitespace characters alike.
# https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_data_diff_event_fields_considerations.htm
# https://github.com/forcedotcom/dataloader/pull/1453
_BLANKS = " \t\r\n"

# No field holds a number with a longer exponent.
_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,9}))?")


def canonical(field: Field) -> Callable[[str], str]:
    """The form of a cell in which equal values of this field are equal texts.

    Whitespace at the ends counts: Salesforce does not strip it in every field.
    """
    by_type = _BY_TYPE.get(field.type, _text)
    return lambda cell: "" if cell == "#N/A" else by_type(cell)


def canonical_echo(field: Field) -> Callable[[str], str] | None:
    """The form in which a cell equals any echo of it; None if an echo may be less precise."""
    if field.type in _SHORTENED:
        return None
    by_type = _BY_TYPE.get(field.type, _trimmed)
    return lambda cell: "" if cell == "#N/A" else by_type(cell)


def canonical_key(field: Field) -> Callable[[str], str]:
    """The form in which equal keys identify the same record.

    Keys that differ only in whitespace at their ends identify one record, whether Salesforce strips
    it or not: merging two rows does less harm than letting them overwrite each other in any order.

    Case is ignored unless the field is case-sensitive. `lower`, not `casefold`: Salesforce keeps
    `Straße` and `STRASSE` apart, and mistaking two records for one would lose a row.
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
    except (ValueError, OverflowError):  # OverflowError: outside the years 1 to 9999
        return cell


def _time(cell: str) -> str:
    whole, _, fraction = cell.rstrip("Z").partition(".")
    return f"{whole}.{fraction[:3]:0<3}"


def _id(cell: str) -> str:
    return cell[:15]


#: Types whose echo may be less precise than what was sent.
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
