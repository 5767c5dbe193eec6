"""The CSV of a batch, as Bulk API 2.0 wants it: UTF-8 without BOM, LF, every cell quoted.

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

# A cell may hold 131,072 characters in Salesforce, which is just past Python's own limit.
csv.field_size_limit(sys.maxsize)

_BUFFER_BYTES = 1 << 20


def encode_row(cells: Iterable[str]) -> bytes:
    """A row of a CSV, with its line end.

    Every cell is quoted: a lone carriage return that is not would end the row for some readers.

    Raises:
        UnicodeEncodeError: a cell holds half of a surrogate pair.
    """
    text = '","'.join(cell.replace('"', '""') for cell in cells)
    return f'"{text}"\n'.encode()


class Lines(Protocol):
    """Rows of a CSV with their line ends."""

    def __len__(self) -> int: ...

    def encoded(self, start: int, end: int) -> bytes:
        """The bytes of the lines from one place to another."""


class TextLines:
    """Lines as texts; see `Lines`."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    def encoded(self, start: int, end: int) -> bytes:
        """The bytes of the lines from one place to another."""
        return "".join(self._texts[start:end]).encode()


class CsvFile:
    """A CSV that grows row by row, readable by its owner only."""

    def __init__(self, file: IO[bytes], header: bytes) -> None:
        self._file = file
        #: Rows without the header.
        self.rows = 0
        #: Bytes with the header, whether they have reached the disk or not.
        self.size = len(header)
        file.write(header)

    @classmethod
    def create(cls, path: Path, header: bytes) -> Self:
        """Make a new file with a header line.

        Raises:
            FileExistsError: something stands at that path already.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        return cls(os.fdopen(os.open(path, flags, 0o600), "wb", _BUFFER_BYTES), header)

    def write(self, lines: bytes, rows: int = 1) -> None:
        """Add rows as `encode_row` makes them."""
        self._file.write(lines)
        self.rows += rows
        self.size += len(lines)

    def seal(self) -> None:
        """Bring the file to disk and close it."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def discard(self) -> None:
        """Close the file without caring what became of its last rows."""
        self._file.close()


def read_rows(path: Path, *, strict: bool = True) -> Iterator[list[str]]:
    """The rows of a CSV, the header first; nothing for an empty file."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file, strict=strict)


def read_raw(path: Path) -> Iterator[tuple[bytes, list[str]]]:
    """Each row of a CSV that `CsvFile` wrote: its exact bytes, and its cells; the header first."""
    with path.open("rb") as file:
        yield from read_raw_from(file)


def read_raw_from(file: Iterable[bytes]) -> Iterator[tuple[bytes, list[str]]]:
    """As `read_raw`, from where an open file stands."""
    for line in whole_rows(file):
        yield line, cells_of(line)


def whole_rows(file: Iterable[bytes]) -> Iterator[bytes]:
    """Lines put together to rows: a quoted cell may hold line breaks.

    A row is whole when its quotes are even in number, as an inner quote is doubled.
    """
    pending = b""
    for line in file:
        pending = pending + line if pending else line
        if pending.count(b'"') % 2 == 0:
            yield pending
            pending = b""


def cells_of(line: bytes) -> list[str]:
    """The cells of a row that `encode_row` wrote."""
    return next(csv.reader(io.StringIO(line.decode(), newline=""), strict=True))
