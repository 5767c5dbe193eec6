"""Reads the files of BATCH messages in slices, so that a file need not fit into memory.

A file holds JSON lines (plain or gzip), Parquet or Arrow. It may be local, or anywhere that
`fsspec` can read, such as `s3://bucket/key`.

https://sdk.meltano.com/en/latest/batch.html
"""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import fsspec

from target_salesforce_bulk.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_BLOCK_BYTES = 1 << 18
_SLICE_ROWS = 8192
_FORMATS = ("jsonl", "parquet", "arrow")
_COMPRESSIONS = {None: None, "": None, "none": None, "gzip": "gzip"}
#: The extra of this package that installs a module.
_EXTRAS = {"pyarrow": "arrow", "s3fs": "s3"}


def read_slices(encoding: Any, manifest: Any) -> Iterator[tuple[str, bytes | pa.RecordBatch]]:
    """Yield slices of the files of a BATCH message, each with the name of its file.

    A slice of JSON consists of whole lines; only the last line of a file may lack its newline.

    Args:
        encoding: The message's `encoding`.
        manifest: The message's `manifest`.

    Raises:
        InputError: a file does not exist, or is not in the format that the message names.
    """
    kind = encoding.get("format") if isinstance(encoding, dict) else None
    compression = encoding.get("compression") if isinstance(encoding, dict) else None
    if kind not in _FORMATS or compression not in _COMPRESSIONS:
        raise InputError(
            f"A BATCH message has the encoding {encoding!r}, which this target does not read. It "
            f"reads {', '.join(_FORMATS)}, uncompressed or gzip: set batch_config.encoding of the "
            "tap."
        )
    for url in manifest:
        name = str(url)
        with _clear_errors(name):
            slices = _slices(kind, _COMPRESSIONS[compression], name)
        while True:
            with _clear_errors(name):  # errors of reading, not of using a slice
                part = next(slices, None)
            if part is None:
                break
            yield name, part


@contextmanager
def _clear_errors(url: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0]) or (
            "s3" if url.startswith("s3:") else ""
        )
        remedy = f"pip install 'target-salesforce-bulk[{extra}]'" if extra else str(error)
        raise InputError(f"The batch file {url} cannot be read without a package: {remedy}") from (
            error
        )
    except (OSError, EOFError, ValueError, zlib.error) as error:  # Arrow's errors are of these
        raise InputError(
            f"The batch file {url} cannot be read: {error or type(error).__name__}. The file "
            "must be complete and where the tap wrote it. Run the tap again."
        ) from error


def _slices(kind: str, compression: str | None, url: str) -> Iterator[Any]:
    if kind == "jsonl":
        return _json_lines(url, compression)
    return _ahead(_parquet(url, compression) if kind == "parquet" else _arrow(url, compression))


def _ahead(slices: Iterator[Any]) -> Iterator[Any]:
    """Read the next slice while the current one is used; pyarrow releases the GIL."""
    with ThreadPoolExecutor(1, "batch-files") as pool:
        pending = pool.submit(next, slices, None)
        while (part := pending.result()) is not None:
            pending = pool.submit(next, slices, None)
            yield part


def _json_lines(url: str, compression: str | None) -> Iterator[bytes]:
    with fsspec.open(url, "rb", compression=compression) as file:
        yield from line_blocks(file)


def _parquet(url: str, compression: str | None) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    with (
        fsspec.open(url, "rb", compression=compression) as file,
        pq.ParquetFile(file, pre_buffer=False) as parquet,
    ):
        yield from map(_readable, parquet.iter_batches(_SLICE_ROWS))


def _arrow(url: str, compression: str | None) -> Iterator[pa.RecordBatch]:
    """The record batches of an Arrow file or stream."""
    import pyarrow as pa

    with fsspec.open(url, "rb", compression=compression) as file:
        try:
            reader = pa.ipc.open_file(file)
            batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        except pa.ArrowInvalid:
            file.seek(0)
            batches = iter(pa.ipc.open_stream(file))
        for batch in batches:
            for start in range(0, batch.num_rows, _SLICE_ROWS):
                yield _readable(batch.slice(start, _SLICE_ROWS))


def _readable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Convert a record batch to values that Python can hold: times in microseconds.

    Raises:
        ValueError: a value does not match its type, such as text that is not UTF-8.
    """
    import pyarrow as pa

    batch.validate(full=True)  # pyarrow does not validate on reading
    for place, field in enumerate(batch.schema):
        kind = field.type
        if pa.types.is_timestamp(kind) and kind.unit == "ns":
            coarse: pa.DataType = pa.timestamp("us", kind.tz)
        elif pa.types.is_time64(kind) and kind.unit == "ns":
            coarse = pa.time64("us")
        else:
            continue
        column = batch.column(place).cast(coarse, safe=False)
        batch = batch.set_column(place, field.name, column)
    return batch


def line_blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield blocks of whole lines as they arrive: a line never waits for the next one."""
    read = getattr(file, "read1", file.read)
    parts: list[bytes] = []
    while data := read(_BLOCK_BYTES):
        end = data.rfind(b"\n") + 1
        if not end:
            parts.append(data)
            continue
        parts.append(data[:end])
        yield b"".join(parts)
        parts = [data[end:]] if end < len(data) else []
    if parts:
        yield b"".join(parts)
