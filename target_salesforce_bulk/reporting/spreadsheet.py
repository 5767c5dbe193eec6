"""Cells of a CSV that a spreadsheet shows and does not run.

A cell that begins like a formula gets an apostrophe before it; so does one that begins with
apostrophes and goes on like one, so that taking one apostrophe away gives the value back.
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
#: Nothing in a number can be run.
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def escape_formula(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
