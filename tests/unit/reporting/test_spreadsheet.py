"""No cell is run by a spreadsheet, and each can be read back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_salesforce_bulk.reporting.spreadsheet import escape_formula


def read_back(cell: str) -> str:
    """As docs/failed-rows.md describes."""
    formula = r"'['\s\x00\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]|'+[\t\r\n]"
    return cell[1:] if re.match(formula, cell) else cell


@pytest.mark.parametrize(
    "cell",
    [
        "=cmd|' /C calc'!A0",
        "+49 30 1",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1+1",
        "'=1",
        "=",
        " =1",
        "\u3000=1",
        "\u200b'\ufeff@x",
        "\x00 +1",
        "\u22121+1",
    ],
)
def test_formulas(cell: str) -> None:
    """An apostrophe stands before them."""
    assert escape_formula(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Ada", "-5", "+1.5", "-1e9", "a=b", "'quoted'", "#N/A"])
def test_what_stays(cell: str) -> None:
    """Numbers and other text cannot be run."""
    assert escape_formula(cell) == cell


@given(st.text(alphabet="'=+-@\t \u200b15.ex"))
def test_the_way_back(cell: str) -> None:
    """The original text can be recovered."""
    assert read_back(escape_formula(cell)) == cell
