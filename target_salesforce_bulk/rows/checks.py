"""What can be known of a cell to be refused, before it is sent.

Each refusal carries the status code that Salesforce has for the same mistake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_salesforce_bulk.rows.values import ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.salesforce.sobject import Field

_TEXT_TYPES = frozenset(
    {"string", "textarea", "email", "phone", "url", "combobox", "encryptedstring"}
)
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")
_CHECKSUM_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def checks_for(field: Field, *, too_long: str) -> list[Callable[[str], str]]:
    """The checks of a field's cells, in order; each returns the cell as it is to be sent."""
    checks: list[Callable[[str], str]] = []
    if field.type in _TEXT_TYPES and field.length:
        checks.append(Length(field.length, truncate=too_long == "truncate"))
    if field.type == "email":
        checks.append(EMAIL)
    elif field.type in {"id", "reference"}:
        checks.append(_id)
    elif field.type == "int" and field.digits:
        checks.append(WholeDigits(field.digits))
    elif field.type in {"double", "currency", "percent"} and field.precision:
        checks.append(WholeDigits(field.precision - field.scale))
    elif field.restricted_picklist and field.picklist_values:
        allowed = frozenset(value.lower() for value in field.picklist_values)
        checks.append(_members(allowed) if field.type == "multipicklist" else _member(allowed))
    return checks


@dataclass(frozen=True, slots=True)
class Length:
    """Characters of a text."""

    longest: int
    truncate: bool

    def __call__(self, cell: str) -> str:
        """The cell, cut where that is wanted."""
        if len(cell) <= self.longest:
            return cell
        if self.truncate:
            return cell[: self.longest]
        raise ValueRefusedError(
            f"data value too large: {len(cell)} characters (max length={self.longest})",
            "STRING_TOO_LONG",
        )


@dataclass(frozen=True, slots=True)
class WholeDigits:
    """Digits before the point; what is behind it, Salesforce rounds."""

    most: int

    def __call__(self, cell: str) -> str:
        """The cell as it is."""
        if len(cell.partition(".")[0].lstrip("-0")) > self.most:
            raise ValueRefusedError(
                f"value outside of valid range: {cell[:40]}", "NUMBER_OUTSIDE_VALID_RANGE"
            )
        return cell


@dataclass(frozen=True, slots=True)
class Email:
    """What is plainly not an address; whether it is one, Salesforce decides."""

    pattern: re.Pattern[str]

    def __call__(self, cell: str) -> str:
        """The cell as it is."""
        if not self.pattern.fullmatch(cell):
            raise ValueRefusedError(f"invalid email address: {cell[:80]}", "INVALID_EMAIL_ADDRESS")
        return cell


#: The check of addresses.
EMAIL = Email(re.compile(r"[^@\s]++@[^@\s]+\.[^@\s.]++"))


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
