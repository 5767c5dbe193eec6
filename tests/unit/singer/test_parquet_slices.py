"""Parquet is read in slices that fit into memory."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from target_salesforce_bulk.singer import parquet_slices as module
from target_salesforce_bulk.singer import slices
from target_salesforce_bulk.singer.parquet_slices import parquet_slices


def parquet(columns: dict[str, Any], **options: Any) -> io.BytesIO:
    """A Parquet file in memory."""
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    file.seek(0)
    return file


def read(file: io.BytesIO) -> tuple[list[int], list[dict[str, Any]]]:
    """How many rows the slices have, and all of the rows."""
    parts = list(parquet_slices(file))
    return [part.num_rows for part in parts], [row for part in parts for row in part.to_pylist()]


def limit_slices(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Let a slice have so many bytes."""
    for each in (module, slices):
        monkeypatch.setattr(each, "SLICE_BYTES", size)


@pytest.fixture
def slice_bytes(monkeypatch: pytest.MonkeyPatch) -> int:
    """A slice of few bytes, so that small files need several."""
    limit_slices(monkeypatch, 1000)
    return 1000


def test_rows_come_in_their_order() -> None:
    """From all row groups, with nulls, structs and lists as they are."""
    columns = {
        "n": [*range(5)],
        "text": ["a", None, "", "a", "ä"],
        "struct": [{"x": number} for number in range(5)],
        "list": [[], None, ["a"], ["a", "b"], ["c"]],
    }
    expected = [{name: values[place] for name, values in columns.items()} for place in range(5)]

    assert read(parquet(columns, row_group_size=2)) == ([2, 2, 1], expected)


def test_a_file_without_rows() -> None:
    """It is no error, and has no slice."""
    assert read(parquet({"n": pa.array([], pa.int64())})) == ([], [])


def test_a_slice_has_a_limit_of_rows() -> None:
    """Even where the rows are small."""
    sizes, rows = read(parquet({"n": [*range(20_000)]}))

    assert sizes == [8192, 8192, 3616]
    assert rows == [{"n": number} for number in range(20_000)]


@pytest.mark.usefixtures("slice_bytes")
def test_a_slice_has_a_limit_of_bytes() -> None:
    """It has as many rows as fit by what the file says of its row group."""
    file = parquet({"text": [f"{number:0100}" for number in range(30)]}, use_dictionary=False)
    sizes, rows = read(file)

    assert [row["text"] for row in rows] == [f"{number:0100}" for number in range(30)]
    assert max(sizes) < 10


@pytest.mark.parametrize("nested", [False, True])
def test_a_text_of_a_dictionary_counts_in_every_row(slice_bytes: int, *, nested: bool) -> None:
    """The file has it once; the slices are small all the same, and have no dictionary."""
    text = "x" * 300
    value: Any = {"a": text} if nested else text
    file = parquet({"value": [value] * 10, "n": [*range(10)]})
    slices = list(parquet_slices(file))

    assert max(part.num_rows for part in slices) * 300 <= slice_bytes
    assert [row for part in slices for row in part.to_pylist()] == [
        {"value": value, "n": number} for number in range(10)
    ]
    if not nested:
        assert {part.schema.field("value").type for part in slices} == {pa.string()}


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("dictionary", [False, True])
def test_no_more_is_in_memory_than_some_slices(
    monkeypatch: pytest.MonkeyPatch, *, dictionary: bool, nested: bool
) -> None:
    """Whatever a row group unpacks to, and however often a text of its dictionary stands in it."""
    limit_slices(monkeypatch, 400_000)
    text = "x" * 20_000
    column = [{"a": text} if nested else text] * 2000
    pages = {"write_batch_size": 10, "data_page_size": 200_000}  # each is unpacked as a whole
    file = parquet({"value": column}, use_dictionary=dictionary, **pages)
    before = pa.total_allocated_bytes()
    taken = [pa.total_allocated_bytes() - before for _ in parquet_slices(file)]

    assert len(taken) >= 100
    assert max(taken) < 4_000_000


@pytest.mark.usefixtures("slice_bytes")
@pytest.mark.parametrize("dictionary", [False, True])
@pytest.mark.parametrize("nested", [False, True])
def test_a_row_that_is_too_large(*, dictionary: bool, nested: bool) -> None:
    """It is refused with its size, whatever it is made of."""
    text = "x" * 1001
    file = parquet({"value": [[text] if nested else text] * 2}, use_dictionary=dictionary)

    with pytest.raises(ValueError, match=r"^a row has 1,0\d\d bytes$"):
        read(file)


@pytest.mark.parametrize(
    ("at_any_rate", "times", "is_refused"),
    [(1_000, 100, True), (1_000, 1_000_000, False), (4_000_000, 100, False)],
)
def test_a_column_that_unpacks_to_more_than_it_can_mean(
    monkeypatch: pytest.MonkeyPatch, at_any_rate: int, times: int, *, is_refused: bool
) -> None:
    """It is refused before anything is unpacked, if it is both large and packed beyond belief."""
    file = parquet({"value": ["x" * 3_000_000]}, compression="zstd", use_dictionary=False)
    monkeypatch.setattr(module, "_COLUMN_BYTES", at_any_rate)
    monkeypatch.setattr(module, "_MOST_UNPACKED", times)

    if is_refused:
        with pytest.raises(ValueError, match=r"^a column of [\d,]+ bytes unpacks to 3,000,"):
            next(parquet_slices(file))
    else:
        assert [part.num_rows for part in parquet_slices(file)] == [1]


def test_what_is_no_parquet() -> None:
    """The error is one of its callers' kind."""
    with pytest.raises(ValueError, match="Parquet"):
        read(io.BytesIO(b"something else"))
