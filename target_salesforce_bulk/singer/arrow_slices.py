"""Arrow read in slices that fit into memory, whatever the file says of itself.

A record batch of a few kilobytes may be compressed from gigabytes, and pyarrow decompresses it as
it reads it. So each message is looked at before pyarrow reads it.

https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from target_salesforce_bulk.singer.slices import MOST_ROWS, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What a file begins with; the rest of it is a stream, up to its footer.
_MAGIC = b"ARROW1\0\0"
#: Bytes that the body of a message may unpack to, as many as one may have that is not compressed;
#: also all dictionaries together, which stay in memory.
_MOST_UNPACKED = 256_000_000
#: Members of the format's tables, by their numbers:
#: https://github.com/apache/arrow/blob/main/format/Message.fbs
_VERSION, _HEADER_TYPE, _HEADER, _CUSTOM = 0, 1, 2, 4
_V5 = 4
_RECORD_BATCH, _DICTIONARY_BATCH = 3, 2
_BUFFERS, _COMPRESSION = 2, 3
_ID, _DATA, _IS_DELTA = 0, 1, 2


def arrow_slices(file: Any) -> Iterator[pa.RecordBatch]:
    """The rows of an Arrow file or stream.

    Raises:
        ValueError: it is none, or unpacks to more than it can mean.
    """
    if file.read(len(_MAGIC)) != _MAGIC:
        file.seek(0)
    for batch in pa.ipc.open_stream(_CheckedMessages(file)):
        batch.validate(full=True)  # pyarrow does not validate on reading
        for start in range(0, batch.num_rows, MOST_ROWS):
            yield from decoded(batch.slice(start, MOST_ROWS))


class _CheckedMessages(io.RawIOBase):
    """The messages of a stream, each of them once its size is known to be harmless."""

    def __init__(self, file: Any) -> None:
        self._messages = iter(pa.ipc.MessageReader.open_stream(pa.PythonFile(file, "r")))
        self._rest = memoryview(b"")
        #: What each dictionary has unpacked to, by its id.
        self._dictionaries: dict[int, int] = {}

    def readable(self) -> bool:
        """It can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """As any file's; the messages are written anew, in the bytes of the format."""
        parts: list[memoryview] = []
        missing = size
        while missing and (self._rest or self._load_next()):
            part = self._rest if missing < 0 else self._rest[:missing]
            self._rest = self._rest[len(part) :]
            parts.append(part)
            missing -= len(part) if missing > 0 else 0
        return b"".join(parts)

    def _load_next(self) -> bool:
        message = next(self._messages, None)
        if message is None:
            return False
        try:
            self._check(memoryview(message.metadata).cast("B"), memoryview(message.body or b""))
        except struct.error:
            raise ValueError("it holds a message that cannot be read") from None
        self._rest = memoryview(message.serialize())
        return True

    def _check(self, metadata: memoryview, body: memoryview) -> None:
        message = _pointed(metadata, 0)
        header = _member(metadata, message, _HEADER)
        kind = _number(metadata, message, _HEADER_TYPE, "B")
        if not header or kind not in {_RECORD_BATCH, _DICTIONARY_BATCH}:
            return
        is_old = _number(metadata, message, _VERSION, "<h") < _V5
        if is_old and _member(metadata, message, _CUSTOM):  # it may be compressed without saying so
            raise ValueError("it is of a version that is not read")
        batch = _pointed(metadata, header)
        if kind == _RECORD_BATCH:
            unpacked = _unpacked_bytes(metadata, batch, body)
        else:
            unpacked = self._unpacked_dictionaries(metadata, batch, body)
        if unpacked > _MOST_UNPACKED:
            raise ValueError(f"it has parts that unpack to more than {_MOST_UNPACKED:,} bytes")

    def _unpacked_dictionaries(
        self, metadata: memoryview, dictionary: int, body: memoryview
    ) -> int:
        """What all dictionaries have unpacked to, with one that comes now."""
        data = _pointed(metadata, _member(metadata, dictionary, _DATA))
        name = _number(metadata, dictionary, _ID, "<q")
        is_more = _number(metadata, dictionary, _IS_DELTA, "B")
        before = self._dictionaries.get(name, 0) if is_more else 0
        self._dictionaries[name] = before + _unpacked_bytes(metadata, data, body)
        return sum(self._dictionaries.values())


def _unpacked_bytes(metadata: memoryview, batch: int, body: memoryview) -> int:
    """What the buffers of a batch unpack to; 0 where they are not compressed."""
    buffers_at = _member(metadata, batch, _BUFFERS)
    if not _member(metadata, batch, _COMPRESSION) or not buffers_at:
        return 0
    buffers = _pointed(metadata, buffers_at)
    (number,) = struct.unpack_from("<I", metadata, buffers)
    places = (struct.unpack_from("<qq", metadata, buffers + 4 + 16 * n) for n in range(number))
    # A compressed buffer begins with its size; -1 says that it is not compressed.
    return sum(max(*struct.unpack_from("<q", body, at), 0) for at, size in places if size > 0)


def _pointed(table: memoryview, at: int) -> int:
    """Where an offset points to that stands at a place."""
    (offset,) = struct.unpack_from("<I", table, at)
    return at + int(offset)


def _member(metadata: memoryview, table: int, number: int) -> int:
    """The place of a member of a table; 0 where the table has none.

    https://flatbuffers.dev/internals/
    """
    (back,) = struct.unpack_from("<i", metadata, table)
    slots = table - back
    (size,) = struct.unpack_from("<H", metadata, slots)
    if 4 + 2 * number >= size:
        return 0
    (offset,) = struct.unpack_from("<H", metadata, slots + 4 + 2 * number)
    return table + int(offset) if offset else 0


def _number(metadata: memoryview, table: int, number: int, form: str) -> int:
    """A number in a table, in a form of `struct`; 0 where the table has none."""
    at = _member(metadata, table, number)
    return int(struct.unpack_from(form, metadata, at)[0]) if at else 0
