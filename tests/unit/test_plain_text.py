"""Text from outside cannot change what else is printed."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.plain_text import plain_text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Zoë 表 👩", "Zoë 表 👩"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
        ("\x00\x7f\x85\x9b", "\\x00\\x7f\\x85\\x9b"),
        ("\u202eevil\u2066\u200b", "\\u202eevil\\u2066\\u200b"),
        ("\u2028\u2029\ufeff", "\\u2028\\u2029\\ufeff"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("x" * 300, "x" * 199 + "…"),
        (None, "None"),
        ("", ""),
    ],
)
def test_what_is_printed(text: object, printed: str) -> None:
    """Printable characters stay, all others are escaped; the length is bounded."""
    assert plain_text(text) == printed


def test_every_character_is_printable_afterwards() -> None:
    """All of Unicode."""
    unprintable = [code for code in range(0x110000) if not plain_text(chr(code)).isprintable()]

    assert unprintable == []
