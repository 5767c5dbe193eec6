"""The files of a BATCH message: lines, bounds, and packages that are missing."""

from __future__ import annotations

import gzip
import io
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.singer import arrow_slices, batch_sources, parquet_slices
from target_salesforce_bulk.singer.batch_files import LongLineError, line_blocks, read_slices
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
    """One line says what to install."""
    monkeypatch.setitem(sys.modules, module, None)
    for reader in (arrow_slices, parquet_slices):
        monkeypatch.delitem(sys.modules, reader.__name__)

    with pytest.raises(InputError, match=rf"install target-salesforce-bulk\[{extra}\]\."):
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


class Endless(io.BytesIO):
    """Bytes without a line end, one block after the other; how many were read."""

    given = 0

    def read1(self, size: int | None = -1, /) -> bytes:
        self.given += size or 0
        return b"x" * (size or 0)


def test_a_line_that_never_ends() -> None:
    """Reading stops soon after what any line may have."""
    endless = Endless()

    with pytest.raises(LongLineError, match="more than 64,000,000 bytes"):
        list(line_blocks(endless))
    assert endless.given < 65_000_000


def slices(path: Path, kind: str, compression: str = "none") -> list[Any]:
    encoding = {"format": kind, "compression": compression}
    return [part for _, part in read_slices(encoding, [str(path)], BatchSources())]


def test_a_small_file_that_unpacks_to_a_line_of_gigabytes(tmp_path: Path) -> None:
    """It is refused before it takes the memory."""
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(65):
            file.write(b" " * 1_000_000)
    before = pa.total_allocated_bytes()

    with pytest.raises(InputError, match="a line has more than 64,000,000 bytes"):
        slices(path, "jsonl", "gzip")
    assert pa.total_allocated_bytes() == before


@pytest.mark.parametrize("nested", [False, True])
def test_one_long_text_in_every_row_of_a_parquet_file(tmp_path: Path, *, nested: bool) -> None:
    """8,192 rows of a megabyte each, in some kilobytes: read in slices that fit into memory."""
    text = "x" * 1_000_000
    value: Any = {"a": text} if nested else text
    path = tmp_path / "bomb"
    pq.write_table(pa.table({"value": [value] * 300, "n": range(300)}), path)
    parts = slices(path, "parquet")

    assert path.stat().st_size < 100_000
    assert max(part.num_rows for part in parts) < 64
    assert [n for part in parts for n in part["n"].to_pylist()] == list(range(300))
    assert parts[0]["value"][0].as_py() == value


def test_a_parquet_column_that_unpacks_to_far_more_than_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused by what the file says of it."""
    path = tmp_path / "bomb"
    table = pa.table({"value": ["x" * 3_000_000]})
    pq.write_table(table, path, compression="zstd", use_dictionary=False)

    monkeypatch.setattr(parquet_slices, "_COLUMN_BYTES", 1_000_000)

    assert path.stat().st_size < 30_000
    with pytest.raises(InputError, match="unpacks to 3,000,"):
        slices(path, "parquet")


def test_an_arrow_batch_that_unpacks_to_far_more_than_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read of very many bytes is refused."""
    path = tmp_path / "bomb.gz"
    batch = pa.record_batch({"value": ["x" * 2_000_000]})
    with (
        gzip.open(path, "wb", compresslevel=1) as file,
        pa.ipc.new_stream(file, batch.schema) as writer,
    ):
        writer.write_batch(batch)
    monkeypatch.setattr(batch_sources, "_MOST_READ", 1_000_000)

    with pytest.raises(InputError, match="parts of more than 1,000,000 bytes"):
        slices(path, "arrow", "gzip")


@pytest.mark.parametrize("of_file", [True, False])
@pytest.mark.parametrize("as_dictionary", [True, False])
def test_an_arrow_body_that_unpacks_to_far_more_than_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, of_file: bool, as_dictionary: bool
) -> None:
    """It is refused before it is unpacked; several dictionaries count together."""
    path = tmp_path / "bomb"
    texts = [pa.array([letter * 700_000]) for letter in "xy"]
    if as_dictionary:
        texts = [text.dictionary_encode() for text in texts]
    batch = pa.record_batch(texts, names=["x", "y"])
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    new = pa.ipc.new_file if of_file else pa.ipc.new_stream
    with new(str(path), batch.schema, options=options) as writer:
        writer.write_batch(batch)
    read = slices(path, "arrow")
    monkeypatch.setattr(arrow_slices, "_MOST_UNPACKED", 1_000_000)

    assert read[0]["y"].to_pylist() == ["y" * 700_000]
    assert path.stat().st_size < 10_000
    with pytest.raises(InputError, match="parts that unpack to more than 1,000,000 bytes"):
        slices(path, "arrow")


@pytest.mark.parametrize("form", ["dictionary", "view", "map"])
def test_one_long_text_in_every_row_of_an_arrow_file(tmp_path: Path, form: str) -> None:
    """Hundreds of megabytes of texts that are all the same one are read in several slices."""
    text = pa.array(["x" * 1_000_000])
    rows: Any = pa.DictionaryArray.from_arrays(pa.array([0] * 300), text)
    if form == "view":
        buffers = text.cast(pa.string_view()).buffers()
        views = pa.py_buffer(buffers[1].to_pybytes() * 300)
        rows = pa.Array.from_buffers(pa.string_view(), 300, [None, views, *buffers[2:]])
    if form == "map":
        keys = pa.array([str(n) for n in range(300)])
        rows = pa.MapArray.from_arrays(pa.array(range(301), pa.int32()), keys, rows)
    batch = pa.record_batch({"value": rows, "n": pa.array(range(300))})
    path = tmp_path / "bomb"
    with pa.ipc.new_file(str(path), batch.schema) as writer:
        writer.write_batch(batch)
    parts = slices(path, "arrow")

    assert path.stat().st_size < 2_000_000
    assert max(part.num_rows for part in parts) < 64
    assert [n for part in parts for n in part["n"].to_pylist()] == list(range(300))


def test_no_secret_of_a_url_is_printed() -> None:
    """Neither from the URL, nor from what a library says of it."""
    url = "memory://user:hush@bucket/key"

    with pytest.raises(InputError) as caught:
        list(read_slices({"format": "jsonl"}, [url], BatchSources(protocols=["memory"])))
    assert "hush" not in str(caught.value)
    assert "memory://***@bucket/key cannot be read: FileNotFoundError" in str(caught.value)
