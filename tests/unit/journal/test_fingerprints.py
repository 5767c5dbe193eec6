"""Rows are recognised by their non-empty cells with their field names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.journal import fingerprints
from target_salesforce_bulk.rows.csvfile import encode_row

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("today", "earlier", "row", "before"),
    [
        (("A", "B"), ("A", "B"), ["1", "2"], ["1", "2"]),
        (("B", "A"), ("A", "B"), ["2", "1"], ["1", "2"]),
        (("A", "New", "B"), ("A", "B"), ["1", "", "2"], ["1", "2"]),
        (("A", "New", "B"), ("A", "B"), ["1", "x", "2"], None),
        (("A",), ("A", "Gone"), ["1"], ["1", ""]),
    ],
)
def test_a_row_in_an_earlier_layout(
    today: tuple[str, ...], earlier: tuple[str, ...], row: list[str], before: list[str] | None
) -> None:
    """Another order and a column that is new do not matter, unless that has a value."""
    expected = None if before is None else fingerprints.of_line(encode_row(before))

    assert fingerprints.translator(today, earlier)(encode_row(row)) == expected


def test_refused_rows_by_their_cells() -> None:
    """Empty ones and the order do not matter; it is never that of a row to be sent."""
    one = fingerprints.of_refused({"A": "1", "B": "", "C": "x"})

    assert one == fingerprints.of_refused({"C": "x", "A": "1"})
    assert one != fingerprints.of_refused({"A": "1", "C": "y"})


def test_a_file_that_is_cut_or_not_there(tmp_path: Path) -> None:
    """What is whole is read."""
    path = tmp_path / "1.rows"
    path.write_bytes(b"a" * 16 + b"b" * 7)

    assert list(fingerprints.read_file(path)) == [b"a" * 16]
    assert list(fingerprints.read_file(tmp_path / "2.rows")) == []
