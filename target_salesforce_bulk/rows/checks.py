"""What can be known of a cell to be refused, before it is sent.

Each refusal carries the status code that Salesforce has for the same mistake.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.rows.values import ValueRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.salesforce.sobject import Field

_TEXT_TYPES = frozenset(
    {"string", "textarea", "email", "phone", "url", "combobox", "encryptedstring"}
)
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")
_JOINER = "\u200d"
_SKIN_TONES = "🏻🏼🏽🏾🏿"
_CHECKSUM_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def checks_for(field: Field, *, truncate: bool) -> list[Callable[[str], str]]:
    """The checks of a field's cells, in order; each returns the cell as it is to be sent.

    Args:
        field: The field.
        truncate: Whether a text that is too long is cut.
    """
    checks: list[Callable[[str], str]] = []
    if field.type in _TEXT_TYPES and field.length:
        checks.append(Length(field.length, truncate))
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
    """The length of a text.

    Salesforce does not say whether it counts characters or UTF-16 code units, of which an emoji
    has two. So a text is refused only if it has too many characters, and cut to fit both ways.
    """

    longest: int
    truncate: bool

    def __call__(self, cell: str) -> str:
        """The cell, cut where that is wanted."""
        if self.truncate:
            return cut(cell, self.longest)
        if len(cell) <= self.longest:
            return cell
        raise ValueRefusedError(
            f"data value too large: {len(cell)} characters (max length={self.longest})",
            "STRING_TOO_LONG",
        )


def cut(text: str, units: int) -> str:
    """The beginning of a text that has at most so many UTF-16 code units.

    A character keeps its accents, and an emoji its parts, unless it alone is too long.
    """
    if 2 * len(text) <= units:
        return text
    encoded = text.encode("utf-16-le")
    if len(encoded) <= 2 * units:
        return text
    end = most = len(encoded[: 2 * units].decode("utf-16-le", "ignore"))
    while end and _belongs_together(text[end - 1], text[end]):
        end -= 1
    return text[: end or most]


def _belongs_together(before: str, after: str) -> bool:
    """Whether two characters are parts of one that people see."""
    return (
        _JOINER in {before, after}
        or unicodedata.category(after).startswith("M")
        or after in _SKIN_TONES
    )


@dataclass(frozen=True, slots=True)
class WholeDigits:
    """Digits before the point; what is behind it, Salesforce rounds."""

    most: int

    def __call__(self, cell: str) -> str:
        """The cell as it is."""
        if len(cell.partition(".")[0].lstrip("-0")) > self.most:
            raise ValueRefusedError(
                f"value outside of valid range: {plain_text(cell, 40)}",
                "NUMBER_OUTSIDE_VALID_RANGE",
            )
        return cell


@dataclass(frozen=True, slots=True)
class Email:
    """What is plainly not an address; whether it is one, Salesforce decides."""

    pattern: re.Pattern[str]

    def __call__(self, cell: str) -> str:
        """The cell as it is."""
        if not self.pattern.fullmatch(cell):
            raise ValueRefusedError(
                f"invalid email address: {plain_text(cell, 80)}",
                "INVALID_EMAIL_ADDRESS",
            )
        return cell


#: The check of addresses.
EMAIL = Email(re.compile(r"[^@\s]++@[^@\s]+\.[^@\s.]++"))


def _id(cell: str) -> str:
    if not _ID.fullmatch(cell) or (len(cell) == 18 and _checksum(cell[:15]) != cell[15:]):
        raise ValueRefusedError(
            f"id value of incorrect type: {plain_text(cell, 40)}",
            "MALFORMED_ID",
        )
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
        f"bad value for restricted picklist field: {plain_text(value, 80)}",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    )
