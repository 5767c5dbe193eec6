"""Every reader reads back what was written."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pyarrow.csv
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from target_salesforce_bulk.rows.csvfile import CsvFile, encode_row, read_raw, read_rows
from target_salesforce_bulk.rows.values import ValueRefusedError, clean_text

if TYPE_CHECKING:
    from pathlib import Path


def _sendable(text: str) -> str:
    """A cell as written to a row; one that cannot be sent becomes empty."""
    try:
        return clean_text(text)
    except ValueRefusedError:
        return ""


#: Anything that a record may hold, awkward characters more often than by chance.
CELLS = st.text(
    st.one_of(st.characters(), st.sampled_from('",;\r\n\t \u2028\u0085\ufeff\x1f#N/A表👩‍🚀\u202e')),
    max_size=12,
).map(_sendable)
TABLES = st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=TABLES)
@example(rows=[['"', "\n", ""], ["\ufeff", "a\nb", '""']])
def test_every_reader_reads_the_same_table(tmp_path: Path, rows: list[list[str]]) -> None:
    """Python's csv module, our own reader, and Arrow's, which shares no code with it."""
    path = tmp_path / "rows.csv"
    path.unlink(missing_ok=True)
    header = ["A", "B__c", "C.D__c"]
    file = CsvFile.create(path, encode_row(header))
    for row in rows:
        file.write(encode_row(row))
    file.seal()
    table = [header, *rows]

    assert path.stat().st_size == file.size
    assert list(csv.reader(io.StringIO(path.read_bytes().decode(), newline=""))) == table
    assert list(read_rows(path)) == table
    assert [cells for _, cells in read_raw(path)] == table
    assert b"".join(line for line, _ in read_raw(path)) == path.read_bytes()
    arrow = pyarrow.csv.read_csv(
        path,
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(header, pyarrow.string()), strings_can_be_null=False
        ),
    )
    assert [list(row.values()) for row in arrow.to_pylist()] == rows


def test_the_frame(tmp_path: Path) -> None:
    """No byte order mark, LF at the end of each row, every cell quoted."""
    file = CsvFile.create(tmp_path / "rows.csv", encode_row(["A"]))
    file.write(encode_row(['a "b"']))
    file.seal()

    assert (tmp_path / "rows.csv").read_bytes() == b'"A"\n"a ""b"""\n'
