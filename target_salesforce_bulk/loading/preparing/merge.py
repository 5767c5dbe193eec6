"""One row per key within a batch: the last one wins.

Two rows with one external ID fail each other when they fall into the same 200-row chunk of
Salesforce, and overwrite each other in an unknown order when they do not.
"""

from __future__ import annotations

import os
from array import array
from typing import TYPE_CHECKING

from target_salesforce_bulk.rows.csvfile import read_raw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

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


def merge_rows(path: Path, repeated: set[int], key_of: Callable[[list[str]], str]) -> int:
    """Leave only the last row of each key in a batch's CSV.

    Args:
        path: The CSV; it is replaced in one step, so a crash leaves the old or the new one.
        repeated: What `KeyWatch.repeated` found.
        key_of: The key of a row's cells, in the form in which keys compare.

    Returns:
        How many rows were left out.
    """
    if not repeated:
        return 0
    last: dict[str, int] = {}
    for number, (_, cells) in enumerate(read_raw(path)):
        if number and hash(key := key_of(cells)) in repeated:
            last[key] = number
    merged = 0
    draft = path.with_suffix(".merging")
    with draft.open("wb") as file:
        draft.chmod(0o600)
        for number, (line, cells) in enumerate(read_raw(path)):
            if number and last.get(key_of(cells), number) != number:
                merged += 1
            else:
                file.write(line)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return merged
