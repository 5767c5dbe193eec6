"""What rows are recognised by when they come again: 16 bytes each, in files beside the journal.

A fingerprint is a hash of a row's CSV line as it was written from the record. Two layouts of the
same columns give two lines for equal rows, so a row of today's layout is put into an earlier one
before it is compared: columns that are new must be empty then, and the order does not matter.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from typing import TYPE_CHECKING

from target_salesforce_bulk.rows.csvfile import cells_of, encode_row, whole_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch

#: Bytes of a fingerprint.
SIZE = 16
_FILE_NAME = re.compile(r"[1-9][0-9]*\.(rows|refused)")

#: The headers of a batch, in order.
Layout = tuple[str, ...]


def of_line(line: bytes) -> bytes:
    """The fingerprint of a CSV line."""
    return hashlib.blake2b(line, digest_size=SIZE).digest()


def of_refused(row: Mapping[str, str]) -> bytes:
    """The fingerprint of a row that our own checks refused, by its non-empty cells."""
    text = json.dumps(sorted((name, cell) for name, cell in row.items() if cell))
    return hashlib.blake2b(text.encode(), digest_size=SIZE, person=b"refused").digest()


def of_deleted(same_key: str) -> bytes:
    """The fingerprint of a row that deletes a record, by its key."""
    return hashlib.blake2b(same_key.encode(), digest_size=SIZE, person=b"deleted").digest()


def translator(today: Layout, earlier: Layout) -> Callable[[bytes], bytes | None]:
    """What gives the fingerprint that a line of today's layout would have had in an earlier one.

    None where the row has a value for which the earlier layout had no column.
    """
    if today == earlier:
        return of_line
    places = {name: place for place, name in enumerate(today)}
    order = [places.get(name) for name in earlier]
    added = [place for name, place in places.items() if name not in earlier]

    def translate(line: bytes) -> bytes | None:
        cells = cells_of(line)
        if any(cells[place] for place in added):
            return None
        return of_line(encode_row("" if place is None else cells[place] for place in order))

    return translate


def write_files(batch: Batch, folder: Path) -> tuple[int, int]:
    """Write the fingerprints of a batch's rows, and of its refused rows, in their order.

    Returns:
        How many there are of each.
    """
    with batch.original.open("rb") as file:
        lines = iter(whole_rows(file))
        next(lines, None)
        rows = _write(folder / f"{batch.id}.rows", map(of_line, lines))
    refused = 0
    if batch.refused.exists():
        with batch.refused.open(encoding="utf-8") as texts:
            found = (of_refused(json.loads(text)["row"]) for text in texts)
            refused = _write(folder / f"{batch.id}.refused", found)
    return rows, refused


def is_file_name(name: str) -> bool:
    """Whether a file has the name of one that `write_files` makes."""
    return _FILE_NAME.fullmatch(name) is not None


def _write(path: Path, fingerprints: Iterable[bytes]) -> int:
    number = 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb", 1 << 16) as file:
        for fingerprint in fingerprints:
            file.write(fingerprint)
            number += 1
        file.flush()
        os.fsync(file.fileno())
    return number


def read_file(path: Path) -> Iterator[bytes]:
    """The fingerprints of a file, in order; nothing where there is no file."""
    if path.exists():
        with path.open("rb") as file:
            while len(found := file.read(SIZE)) == SIZE:
                yield found
