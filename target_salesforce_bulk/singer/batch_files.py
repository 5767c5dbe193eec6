"""Reads the files of BATCH messages in slices, so that a file need not fit into memory.

A file holds JSON lines (plain or gzip), Parquet or Arrow.

https://sdk.meltano.com/en/latest/batch.html
"""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.singer.batch_sources import (
    BoundedReads,
    is_remote,
    says_secrets,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from target_salesforce_bulk.singer.batch_sources import BatchSources

#: Bytes of a line. A record of Salesforce has at most 400,000 characters, but a tap may send more
#: than is loaded; with far more, the line alone would take the memory of everything else.
_LINE_BYTES = 64_000_000
_BLOCK_BYTES = 1 << 18
_FORMATS = ("jsonl", "parquet", "arrow")
_COMPRESSIONS = {"none": None, "gzip": "gzip"}
#: Which extra of this package brings a module.
_EXTRAS = {"pyarrow": "arrow", "s3fs": "s3"}


class LongLineError(ValueError):
    """A line of more bytes than any message can mean."""


def read_slices(
    encoding: Any, manifest: Sequence[str], sources: BatchSources
) -> Iterator[tuple[str, bytes | pa.RecordBatch]]:
    """The records of the files of a BATCH message, each slice with the name of its file.

    A slice of JSON consists of whole lines; only the last line of a file may lack its newline.

    Args:
        encoding: The message's `encoding`.
        manifest: The message's `manifest`.
        sources: Where files may lie.

    Raises:
        InputError: a file does not exist, or is not in the format that the message names.
    """
    kind, compression = encoding.get("format"), encoding.get("compression") or "none"
    if kind not in _FORMATS or compression not in _COMPRESSIONS:
        raise InputError(
            f"A BATCH message has the encoding {plain_text(encoding)}, which is not supported. "
            f"Supported formats: {', '.join(_FORMATS)}, uncompressed or gzip. Change "
            "batch_config.encoding of the tap."
        )
    for url in manifest:
        name = shown(url)
        slices = _slices(kind, partial(sources.open, url, _COMPRESSIONS[compression]))
        while True:
            with _clear_errors(url):  # errors of reading, not of using a slice
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
        remedy = f"install target-salesforce-bulk[{extra}]." if extra else str(error)
        raise InputError(
            f"The batch file {shown(url)} needs a package that is not installed: {remedy}"
        ) from None
    except (OSError, EOFError, ValueError, zlib.error) as error:  # Arrow's errors are of these
        told = type(error).__name__ if says_secrets(url) else error or type(error).__name__
        raise _unreadable(url, told) from None
    except Exception as error:
        # Libraries of stores have errors of their own, whose texts repeat the URL.
        if isinstance(error, InputError) or not is_remote(url):
            raise
        raise _unreadable(url, type(error).__name__) from None


def _unreadable(url: str, told: object) -> InputError:
    return InputError(
        f"The batch file {shown(url)} cannot be read: {told}. It must be complete, and still be "
        "where the tap wrote it. Run the tap again."
    )


def _slices(kind: str, opened: Callable[[], Any]) -> Iterator[Any]:
    if kind == "jsonl":
        return _json_lines(opened)
    return _ahead(_parquet(opened) if kind == "parquet" else _arrow(opened))


def _ahead(slices: Iterator[Any]) -> Iterator[Any]:
    """Read the next slice while the current one is used; pyarrow releases the GIL."""
    with ThreadPoolExecutor(1, "batch-files") as pool:
        pending = pool.submit(next, slices, None)
        while (part := pending.result()) is not None:
            pending = pool.submit(next, slices, None)
            yield part


def _json_lines(opened: Callable[[], Any]) -> Iterator[bytes]:
    with opened() as file:
        yield from line_blocks(file)


def _parquet(opened: Callable[[], Any]) -> Iterator[pa.RecordBatch]:
    from target_salesforce_bulk.singer.parquet_slices import parquet_slices

    with opened() as file:
        yield from map(_readable, parquet_slices(BoundedReads(file)))


def _arrow(opened: Callable[[], Any]) -> Iterator[pa.RecordBatch]:
    from target_salesforce_bulk.singer.arrow_slices import arrow_slices

    with opened() as file:
        yield from map(_readable, arrow_slices(BoundedReads(file)))


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
    """Whole lines, as many as there are at a time: a line never waits for the next one.

    Raises:
        LongLineError: one is too long.
    """
    read = getattr(file, "read1", file.read)
    parts: list[bytes] = []
    size = 0
    while data := read(_BLOCK_BYTES):
        end = data.rfind(b"\n") + 1
        if not end:
            parts.append(data)
            size += len(data)
            if size > _LINE_BYTES:
                raise LongLineError(f"a line has more than {_LINE_BYTES:,} bytes")
            continue
        parts.append(data[:end])
        yield b"".join(parts)
        parts = [data[end:]] if end < len(data) else []
        size = len(data) - end
    if parts:
        yield b"".join(parts)
