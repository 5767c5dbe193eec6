"""Arrow is read in slices, and nothing is unpacked that is too large."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pytest

from target_salesforce_bulk.singer import arrow_slices as module
from target_salesforce_bulk.singer.arrow_slices import arrow_slices

ROWS = {"n": [*range(5)], "t": ["a", "b", None, "d", "e"]}


def arrow(columns: dict[str, Any], *, stream: bool = False, compression: str | None = None) -> Any:
    """An Arrow file or stream in memory."""
    file = io.BytesIO()
    table = pa.table(columns)
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(file, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as out:
        out.write_table(table)
    file.seek(0)
    return file


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("compression", [None, "zstd", "lz4"])
def test_rows_come_in_their_order(stream: bool, compression: str | None) -> None:
    """From a file and a stream, in slices of the most rows that one may have."""
    found = list(arrow_slices(arrow(ROWS, stream=stream, compression=compression)))

    assert pa.Table.from_batches(found).to_pydict() == ROWS


def test_slices_have_a_limit_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last one has the rest."""
    monkeypatch.setattr(module, "MOST_ROWS", 2)

    assert [each.num_rows for each in arrow_slices(arrow(ROWS))] == [2, 2, 1]


def test_what_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is unpacked: a few bytes may stand for gigabytes."""
    monkeypatch.setattr(module, "_MOST_UNPACKED", 10_000)
    file = arrow({"t": ["x" * 1000] * 100}, compression="zstd")

    with pytest.raises(ValueError, match="unpack"):
        list(arrow_slices(file))
