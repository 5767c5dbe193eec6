"""Record batches made small enough for memory, whatever a file says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ROWS = 8192
#: Bytes of a slice, once it is unpacked; also what a single row may have.
SLICE_BYTES = 64_000_000
#: 32-bit numbers in the view of a text; the first is its length.
_VIEW_INTS = 4


def decoded(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A record batch without dictionaries, in several if it is too large without them.

    Raises:
        ValueError: a single row is too large, or a column is of a type that is not read.
    """
    size = sum(map(_decoded_bytes, batch.columns))
    if size > SLICE_BYTES and batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from decoded(batch.slice(0, half))
        yield from decoded(batch.slice(half))
    elif size > SLICE_BYTES:
        raise ValueError(f"a row has {size:,} bytes")
    else:
        columns = [
            column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
            for column in batch.columns
        ]
        yield pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _decoded_bytes(array: pa.Array) -> int:
    """Bytes of an array's values when each stands for itself."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        lengths = pc.take(pc.binary_length(array.dictionary), array.indices)
        return int(pc.sum(lengths.cast(pa.int64())).as_py() or 0)
    if pa.types.is_struct(kind):
        return sum(map(_decoded_bytes, array.flatten()))
    if pa.types.is_map(kind):
        entries = pa.struct([kind.key_field, kind.item_field])
        return _decoded_bytes(array.cast(pa.list_(entries)).flatten())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _decoded_bytes(array.flatten())
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        return _viewed_bytes(array)
    if pa.types.is_nested(kind) or pa.types.is_run_end_encoded(kind):
        raise ValueError(f"it has a column of type {str(kind)[:100]}, which is not read")
    return int(array.nbytes)


def _viewed_bytes(array: pa.Array) -> int:
    """Bytes of texts that may all be views of the same bytes."""
    first, last = array.offset * _VIEW_INTS, (array.offset + len(array)) * _VIEW_INTS
    return sum(memoryview(array.buffers()[1]).cast("B").cast("i")[first:last:_VIEW_INTS].tolist())
