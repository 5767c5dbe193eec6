"""Cells of a CSV that a spreadsheet shows and does not run.

A cell that begins like a formula gets an apostrophe before it; so does one that begins with
apostrophes and goes on like one, so that taking one apostrophe away gives the value back.
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re

#: Some programs leave blanks and invisible characters before a formula out.
_IGNORED = r"\s\x00-\x1f\x7f-\xa0\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_FORMULA = re.compile(rf"'*[\t\r\n]|['{_IGNORED}]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]")
#: Nothing in a number can be run.
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def escape_formula(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
