"""One row per record, with the newest cells, and nothing else is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_salesforce_bulk.loading.preparing.merge import KeyWatch, SameRecords
from target_salesforce_bulk.rows.csvfile import CsvFile, encode_row, read_rows

if TYPE_CHECKING:
    from pathlib import Path

KEYS = st.sampled_from(["a", "A", "b", "c", 'q"', "line\nbreak"])


CELLS = st.text(st.characters(codec="utf-8"), max_size=2)


def same(key: str) -> str:
    return key.casefold()


def batch(path: Path, rows: list[list[str]]) -> SameRecords:
    """A CSV with rows, and where those of one record are."""
    path.unlink(missing_ok=True)
    file = CsvFile.create(path, encode_row(["Key", "Phone", "Title"]))
    watch = KeyWatch()
    for row in rows:
        file.write(encode_row(row))
        watch.add((same(row[0]),))
    file.seal()
    return SameRecords(path, watch.repeated(), lambda cells: same(cells[0]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(KEYS, CELLS, CELLS).map(list)))
def test_rows_of_a_record_are_merged_by_cell(tmp_path: Path, rows: list[list[str]]) -> None:
    """As a dictionary would be updated, in the order of the last ones."""
    path = tmp_path / "rows.csv"
    merged = batch(path, rows).merge()

    expected: dict[str, list[str]] = {}
    for row in rows:
        before = expected.pop(same(row[0]), ["", "", ""])
        expected[same(row[0])] = [
            cell or earlier for cell, earlier in zip(row, before, strict=True)
        ]
    assert list(read_rows(path))[1:] == list(expected.values())
    assert merged == len(rows) - len(expected)


def test_a_cell_that_clears_its_field_is_a_cell(tmp_path: Path) -> None:
    """It wins over an earlier value, and stays where a later row says nothing."""
    path = tmp_path / "rows.csv"
    batch(path, [["a", "1", "x"], ["a", "#N/A", ""], ["b", "#N/A", ""], ["b", "", "y"]]).merge()

    assert list(read_rows(path))[1:] == [["a", "#N/A", "x"], ["b", "#N/A", "y"]]
