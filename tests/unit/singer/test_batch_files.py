"""The files of a BATCH message, where a package is missing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.singer.batch_files import line_blocks, read_slices
from target_salesforce_bulk.singer.batch_sources import BatchSources

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("module", "kind", "url", "extra"),
    [
        ("pyarrow", "arrow", __file__, "arrow"),
        ("pyarrow.parquet", "parquet", __file__, "arrow"),
        ("s3fs", "jsonl", "s3://bucket/key", "s3"),
    ],
)
def test_the_extra_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, module: str, kind: str, url: str, extra: str
) -> None:
    """One line with the command that installs it."""
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(InputError, match=rf"pip install 'target-salesforce-bulk\[{extra}\]'"):
        list(read_slices({"format": kind}, [url], BatchSources()))


@pytest.mark.parametrize("size", [0, 1, 300_000])
def test_lines_are_whole_however_long(tmp_path: Path, size: int) -> None:
    """A block ends with a line, and the last line with the file."""
    lines = [b"a" * size, b"", b"b" * (2 * size), b"c"]
    path = tmp_path / "lines"
    path.write_bytes(b"\n".join(lines))

    with path.open("rb") as file:
        blocks = list(line_blocks(file))

    assert b"".join(blocks).split(b"\n") == lines
    assert all(block.endswith(b"\n") for block in blocks[:-1])
