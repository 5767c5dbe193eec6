"""One row per key: the last one, and nothing else is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_salesforce_bulk.loading.preparing.merge import KeyWatch, merge_rows
from target_salesforce_bulk.rows.csvfile import CsvFile, encode_row, read_rows

if TYPE_CHECKING:
    from pathlib import Path

KEYS = st.sampled_from(["a", "A", "b", "c", 'q"', "line\nbreak"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(KEYS, st.text(st.characters(codec="utf-8"), max_size=5))))
def test_the_last_row_of_each_key_is_left(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    """As a dictionary would leave it, in the order of the last ones."""
    path = tmp_path / "rows.csv"
    path.unlink(missing_ok=True)
    file = CsvFile.create(path, encode_row(["Key", "Value"]))
    watch = KeyWatch()
    for row in rows:
        file.write(encode_row(row))
        watch.add((row[0].casefold(),))
    file.seal()

    merged = merge_rows(path, watch.repeated(), lambda cells: cells[0].casefold())

    last = {key.casefold(): number for number, (key, _) in enumerate(rows)}
    expected = [list(row) for number, row in enumerate(rows) if last[row[0].casefold()] == number]
    assert list(read_rows(path))[1:] == expected
    assert merged == len(rows) - len(expected)
