"""What can be known of a cell to be refused, before it is sent.

Each refusal carries the status code that Salesforce has for the same mistake.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from target_salesforce_bulk.rows.values import ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.salesforce.sobject import Field

_TEXT_TYPES = frozenset(
    {"string", "textarea", "email", "phone", "url", "combobox", "encryptedstring"}
)
# Plainly not an address; whether it is one, Salesforce decides.
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")
_CHECKSUM_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def checks_for(field: Field, *, too_long: str) -> list[Callable[[str], str]]:
    """The checks of a field's cells, in order; each returns the cell as it is to be sent."""
    checks: list[Callable[[str], str]] = []
    if field.type in _TEXT_TYPES and field.length:
        checks.append(_length(field.length, truncate=too_long == "truncate"))
    if field.type == "email":
        checks.append(_email)
    elif field.type in {"id", "reference"}:
        checks.append(_id)
    elif field.type == "int" and field.digits:
        checks.append(_digits(field.digits))
    elif field.type in {"double", "currency", "percent"} and field.precision:
        checks.append(_precision(field.precision - field.scale))
    elif field.restricted_picklist and field.picklist_values:
        allowed = frozenset(value.lower() for value in field.picklist_values)
        checks.append(_members(allowed) if field.type == "multipicklist" else _member(allowed))
    return checks


def _length(limit: int, *, truncate: bool) -> Callable[[str], str]:
    def check(cell: str) -> str:
        if len(cell) <= limit:
            return cell
        if truncate:
            return cell[:limit]
        raise ValueRefusedError(
            f"data value too large: {len(cell)} characters (max length={limit})", "STRING_TOO_LONG"
        )

    return check


def _email(cell: str) -> str:
    if not _EMAIL.fullmatch(cell):
        raise ValueRefusedError(f"invalid email address: {cell[:80]}", "INVALID_EMAIL_ADDRESS")
    return cell


def _id(cell: str) -> str:
    if not _ID.fullmatch(cell) or (len(cell) == 18 and _checksum(cell[:15]) != cell[15:]):
        raise ValueRefusedError(f"id value of incorrect type: {cell[:40]}", "MALFORMED_ID")
    return cell


def _checksum(id15: str) -> str:
    """The three letters that say which of the 15 before them are upper case."""
    return "".join(
        _CHECKSUM_LETTERS[
            sum(
                1 << place
                for place, letter in enumerate(id15[start : start + 5])
                if "A" <= letter <= "Z"
            )
        ]
        for start in (0, 5, 10)
    )


def _digits(limit: int) -> Callable[[str], str]:
    def check(cell: str) -> str:
        if len(cell.lstrip("-")) > limit:
            raise ValueRefusedError(
                f"value outside of valid range: {cell[:40]}", "NUMBER_OUTSIDE_VALID_RANGE"
            )
        return cell

    return check


def _precision(whole_digits: int) -> Callable[[str], str]:
    """Digits before the point; what is behind it, Salesforce rounds."""

    def check(cell: str) -> str:
        if len(cell.partition(".")[0].lstrip("-0")) > whole_digits:
            raise ValueRefusedError(
                f"value outside of valid range: {cell[:40]}", "NUMBER_OUTSIDE_VALID_RANGE"
            )
        return cell

    return check


def _member(allowed: frozenset[str]) -> Callable[[str], str]:
    def check(cell: str) -> str:
        if cell.lower() not in allowed:
            raise _bad_picklist_value(cell)
        return cell

    return check


def _members(allowed: frozenset[str]) -> Callable[[str], str]:
    def check(cell: str) -> str:
        for member in cell.split(";"):
            if member.lower() not in allowed:
                raise _bad_picklist_value(member)
        return cell

    return check


def _bad_picklist_value(value: str) -> ValueRefusedError:
    return ValueRefusedError(
        f"bad value for restricted picklist field: {value[:80]}",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    )
