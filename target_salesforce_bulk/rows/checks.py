"""Checks that refuse a cell before it is sent.

Each refusal carries the status code that Salesforce uses for the same mistake.
https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm
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
    """The checks of a field's cells, in order.

    Each returns the cell to send, or raises `ValueRefusedError`.

    Args:
        field: The field.
        truncate: Whether a text that is too long is truncated.
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
    """The maximum length of a text.

    Salesforce does not document whether it counts characters or UTF-16 code units, of which an
    emoji has two. So a text is refused only if it has too many characters, and truncated to fit
    either count.
    """

    longest: int
    truncate: bool

    def __call__(self, cell: str) -> str:
        """The cell, truncated if that is allowed.

        Raises:
            ValueRefusedError: the cell is too long.
        """
        if self.truncate:
            return cut(cell, self.longest)
        if len(cell) <= self.longest:
            return cell
        raise ValueRefusedError(
            f"data value too large: {len(cell)} characters (max length={self.longest})",
            "STRING_TOO_LONG",
        )


def cut(text: str, units: int) -> str:
    """Truncate a text to at most `units` UTF-16 code units.

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
    """Whether two characters are parts of one visible character."""
    return (
        _JOINER in {before, after}
        or unicodedata.category(after).startswith("M")
        or after in _SKIN_TONES
    )


@dataclass(frozen=True, slots=True)
class WholeDigits:
    """The maximum number of digits before the decimal point; Salesforce rounds those after it."""

    most: int

    def __call__(self, cell: str) -> str:
        """The cell as it is.

        Raises:
            ValueRefusedError: the number has too many digits.
        """
        if len(cell.partition(".")[0].lstrip("-0")) > self.most:
            raise ValueRefusedError(
                f"value outside of valid range: {plain_text(cell, 40)}",
                "NUMBER_OUTSIDE_VALID_RANGE",
            )
        return cell


@dataclass(frozen=True, slots=True)
class Email:
    """A pattern that every email address matches; Salesforce checks the rest."""

    pattern: re.Pattern[str]

    def __call__(self, cell: str) -> str:
        """The cell as it is.

        Raises:
            ValueRefusedError: the cell is not an email address.
        """
        if not self.pattern.fullmatch(cell):
            raise ValueRefusedError(
                f"invalid email address: {plain_text(cell, 80)}",
                "INVALID_EMAIL_ADDRESS",
            )
        return cell


#: The check of email fields.
EMAIL = Email(re.compile(r"[^@\s]++@[^@\s]+\.[^@\s.]++"))


def _id(cell: str) -> str:
    if not _ID.fullmatch(cell) or (len(cell) == 18 and _checksum(cell[:15]) != cell[15:]):
        raise ValueRefusedError(
            f"id value of incorrect type: {plain_text(cell, 40)}",
            "MALFORMED_ID",
        )
    return cell


def _checksum(id15: str) -> str:
    """The last three characters of an Id, which encode which of the 15 others are upper case."""
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
