"""How the cells of a row compare after Salesforce has re-serialised them.

A successful result carries each value as Salesforce understood it: 912260031 comes back as
9.12260031E8, a date-time to the millisecond in UTC, an Id with 18 characters for 15.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.salesforce.sobject import Field


def canonical(field: Field) -> Callable[[str], str]:
    """The form of a cell in which equal values of this field are equal texts.

    It is total: text that is no value of the type stands for itself.
    """
    by_type = _BY_TYPE.get(field.type, _text)
    return lambda cell: "" if cell == "#N/A" else by_type(cell)


def canonical_key(field: Field) -> Callable[[str], str]:
    """As `canonical`, for a field that tells records apart.

    Salesforce compares external IDs without regard to case, unless the field says otherwise.
    """
    by_type = _BY_TYPE.get(field.type)
    if by_type is not None:
        return by_type
    return _text if field.case_sensitive else str.lower


def _text(cell: str) -> str:
    return cell


def _number(cell: str) -> str:
    try:
        value = Decimal(cell)
    except InvalidOperation:
        return cell
    if not value.is_finite():
        return cell
    # normalize() would round to the context's 28 digits.
    sign, digits, exponent = value.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    stripped = text.rstrip("0")
    if not stripped:
        return "0"
    return f"{'-' if sign else ''}{stripped}e{int(exponent) + len(text) - len(stripped)}"


def _datetime(cell: str) -> str:
    try:
        value = datetime.fromisoformat(cell)
    except ValueError:
        return cell
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC).isoformat(timespec="seconds")
    except OverflowError:
        return cell


def _time(cell: str) -> str:
    return cell.partition(".")[0].rstrip("Z")


def _id(cell: str) -> str:
    return cell[:15]


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
