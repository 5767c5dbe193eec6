"""One row per record within a batch: the cells of several are merged, and the last of each wins.

Two rows with one external ID fail each other when they fall into the same 200-row chunk of
Salesforce, and overwrite each other in an unknown order when they do not.
"""

from __future__ import annotations

import os
from array import array
from typing import TYPE_CHECKING

from target_salesforce_bulk.rows.csvfile import encode_row, read_raw, read_raw_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import IO

_BUCKETS = 64


class KeyWatch:
    """Notices that a key came twice, in eight bytes a row.

    It keeps hashes, so it may see a repetition where there is none, but never misses one.
    """

    def __init__(self) -> None:
        self._buckets = [array("q") for _ in range(_BUCKETS)]

    def add(self, keys: Iterable[str]) -> None:
        """Take note of the keys of rows, in the form in which keys compare."""
        buckets = self._buckets
        for number in map(hash, keys):
            buckets[number % _BUCKETS].append(number)

    def repeated(self) -> set[int]:
        """The hashes that came more than once."""
        found: set[int] = set()
        for bucket in self._buckets:
            seen: set[int] = set()
            if len(set(bucket)) < len(bucket):
                for number in bucket:
                    (found if number in seen else seen).add(number)
        return found


class SameRecords:
    """Where the rows of a batch's CSV are that share their record with others.

    Args:
        path: The CSV.
        repeated: What `KeyWatch.repeated` found.
        key_of: The key of a row's cells, in the form in which keys compare.
    """

    def __init__(self, path: Path, repeated: set[int], key_of: Callable[[list[str]], str]) -> None:
        self._path = path
        self._repeated = repeated
        self._key_of = key_of
        #: Number and place in the file of each row of a record, for the records that matter.
        self._rows: dict[str, list[tuple[int, int]]] = {}
        start = 0
        for number, (line, cells) in enumerate(read_raw(path), start=-1):
            if number >= 0 and (key := self._key(cells)) is not None:
                self._rows.setdefault(key, []).append((number, start))
            start += len(line)

    def _key(self, cells: list[str]) -> str | None:
        """The key of a row, where another row may have it too."""
        key = self._key_of(cells)
        return key if hash(key) in self._repeated else None

    def of(self, key: str) -> Iterator[tuple[int, list[str]]]:
        """The rows of a record: their numbers and cells."""
        with self._path.open("rb") as file:
            for number, place in self._rows.get(key, ()):
                yield number, _row_at(file, place)

    def merge(self) -> int:
        """Leave one row of each record, in the place of its last one; how many were left out.

        The later cell wins. A cell that only an earlier row has stays, as an empty one says
        nothing. The file is replaced in one step, so a crash leaves the old or the new one.
        """
        if all(len(rows) == 1 for rows in self._rows.values()):
            return 0
        merged = 0
        draft = self._path.with_suffix(".merging")
        with draft.open("wb") as file, self._path.open("rb") as source:
            draft.chmod(0o600)
            for number, (line, cells) in enumerate(read_raw(self._path), start=-1):
                rows = self._rows.get(self._key(cells) or "", ()) if number >= 0 else ()
                if len(rows) < 2:
                    file.write(line)
                elif number == rows[-1][0]:
                    file.write(_whole(line, cells, source, rows))
                else:
                    merged += 1
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        return merged


def _whole(
    line: bytes, cells: list[str], source: IO[bytes], rows: Sequence[tuple[int, int]]
) -> bytes:
    """The last row of a record with what only earlier ones say."""
    for _, place in reversed(rows[:-1]):
        if all(cells):
            return line
        earlier = _row_at(source, place)
        cells = [cell or before for cell, before in zip(cells, earlier, strict=True)]
        line = encode_row(cells)
    return line


def _row_at(file: IO[bytes], place: int) -> list[str]:
    file.seek(place)
    return next(read_raw_from(file))[1]
