"""Parquet read in slices that fit into memory, whatever the file says of itself.

A file of a few kilobytes may stand for gigabytes: a page that unpacks to a thousand times its size,
or one long text in a dictionary that every row points to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from target_salesforce_bulk.singer.slices import MOST_ROWS, SLICE_BYTES, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Bytes that a column of a row group may unpack to at any rate, and times what it is packed to.
_COLUMN_BYTES = 256_000_000
_MOST_UNPACKED = 100


def parquet_slices(file: Any) -> Iterator[pa.RecordBatch]:
    """The rows of a Parquet file.

    Raises:
        ValueError: it is no Parquet, or unpacks to more than it can mean.
    """
    with pq.ParquetFile(file, pre_buffer=False) as parquet:
        metadata = parquet.metadata
    for group in range(metadata.num_row_groups):
        _check_sizes(metadata.row_group(group))
    as_dictionaries = _options(metadata, _dictionary_columns(metadata))
    with (
        pq.ParquetFile(file, **_options(metadata, [])) as plain,
        pq.ParquetFile(file, **as_dictionaries) as packed,
    ):
        for group in range(metadata.num_row_groups):
            reader = packed if _has_long_texts(packed, group) else plain
            rows = _rows_of_slice(metadata.row_group(group))
            for batch in reader.iter_batches(rows, row_groups=[group]):
                yield from decoded(batch)


def _options(metadata: Any, read_dictionary: list[str]) -> dict[str, Any]:
    return {"metadata": metadata, "read_dictionary": read_dictionary, "pre_buffer": False}


def _has_long_texts(packed: pq.ParquetFile, group: int) -> bool:
    """Whether the dictionaries of a row group hold texts that must not stand in every row."""
    first = next(packed.iter_batches(1, row_groups=[group]), None)
    return first is not None and any(
        _longest_text(column) * MOST_ROWS > SLICE_BYTES for column in first.columns
    )


def _longest_text(array: pa.Array) -> int:
    """Bytes of the longest text in the dictionaries of an array; of a list's, it is unknown."""
    if pa.types.is_dictionary(array.type):
        return int(pc.max(pc.binary_length(array.dictionary)).as_py() or 0)
    if pa.types.is_struct(array.type):
        return max(map(_longest_text, array.flatten()), default=0)
    return SLICE_BYTES if pa.types.is_nested(array.type) else 0


def _check_sizes(group: Any) -> None:
    for place in range(group.num_columns):
        column = group.column(place)
        unpacked, packed = column.total_uncompressed_size, column.total_compressed_size
        if unpacked > max(_COLUMN_BYTES, _MOST_UNPACKED * packed):
            raise ValueError(f"a column of {packed:,} bytes unpacks to {unpacked:,}")


def _dictionary_columns(metadata: Any) -> list[str]:
    """The columns with dictionaries of texts: such a text may stand in every row."""
    found: dict[str, None] = {}
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            column = metadata.row_group(group).column(place)
            if column.physical_type == "BYTE_ARRAY" and column.has_dictionary_page:
                found[column.path_in_schema] = None
    return list(found)


def _rows_of_slice(group: Any) -> int:
    most: int = SLICE_BYTES * group.num_rows // max(group.total_byte_size, 1)
    return max(1, min(MOST_ROWS, most))
