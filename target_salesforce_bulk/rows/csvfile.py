"""The CSV of a batch, as Bulk API 2.0 requires it: UTF-8 without BOM, LF, every cell quoted.

https://developer.salesforce.com/docs/platform/api-asynch/guide/datafiles-prepare-csv.html
"""

from __future__ import annotations

import csv
import io
import os
import sys
from typing import IO, TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# A Salesforce field may hold 131,072 characters, just above Python's default limit.
csv.field_size_limit(sys.maxsize)

_BUFFER_BYTES = 1 << 20


def encode_row(cells: Iterable[str]) -> bytes:
    """A CSV row with its line ending.

    Every cell is quoted: some readers would end the row at an unquoted carriage return.

    Raises:
        UnicodeEncodeError: a cell contains an unpaired surrogate.
    """
    text = '","'.join(cell.replace('"', '""') for cell in cells)
    return f'"{text}"\n'.encode()


class Lines(Protocol):
    """CSV rows with their line endings."""

    def __len__(self) -> int: ...

    def encoded(self, start: int, end: int) -> bytes:
        """The bytes of the lines from `start` up to `end`."""


class TextLines:
    """Lines held as strings; see `Lines`."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def encoded(self, start: int, end: int) -> bytes:
        """The bytes of the lines from `start` up to `end`."""
        return "".join(self._texts[start:end]).encode()


class CsvFile:
    """A CSV that grows row by row; only its owner may read it."""

    def __init__(self, file: IO[bytes], header: bytes) -> None:
        self._file = file
        #: Number of rows, excluding the header.
        self.rows = 0
        #: Size in bytes, including the header and what has not reached the disk yet.
        self.size = len(header)
        file.write(header)

    @classmethod
    def create(cls, path: Path, header: bytes) -> Self:
        """Create a file with a header line.

        Raises:
            FileExistsError: the path already exists.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return cls(os.fdopen(os.open(path, flags, 0o600), "wb", _BUFFER_BYTES), header)

    def write(self, lines: bytes, rows: int = 1) -> None:
        """Append rows made by `encode_row`."""
        self._file.write(lines)
        self.rows += rows
        self.size += len(lines)

    def seal(self) -> None:
        """Sync the file to disk and close it."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def discard(self) -> None:
        """Close the file without syncing it; its last rows may be lost."""
        self._file.close()


def read_rows(path: Path, *, strict: bool = True) -> Iterator[list[str]]:
    """The rows of a CSV, header first; none if the file is empty."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file, strict=strict)


def read_raw(path: Path) -> Iterator[tuple[bytes, list[str]]]:
    """Each row of a CSV written by `CsvFile`, header first: its exact bytes and its cells."""
    with path.open("rb") as file:
        yield from read_raw_from(file)


def read_raw_from(file: Iterable[bytes]) -> Iterator[tuple[bytes, list[str]]]:
    """Like `read_raw`, from the current position of an open file."""
    for line in whole_rows(file):
        yield line, cells_of(line)


def whole_rows(file: Iterable[bytes]) -> Iterator[bytes]:
    """Join lines into rows, as a quoted cell may contain line breaks.

    A row is complete when its number of quotes is even, as quotes within cells are doubled.
    """
    pending = b""
    for line in file:
        pending = pending + line if pending else line
        if pending.count(b'"') % 2 == 0:
            yield pending
            pending = b""


def cells_of(line: bytes) -> list[str]:
    """The cells of a row written by `encode_row`."""
    return next(csv.reader(io.StringIO(line.decode(), newline=""), strict=True))
