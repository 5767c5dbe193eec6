"""The three result files of a job.

Rows come back shuffled, and the values of successful rows as the org stores them.
"""

from __future__ import annotations

import random
from typing import IO, TYPE_CHECKING, Self

from target_salesforce_bulk.emulator.org.job import DELIMITERS
from target_salesforce_bulk.emulator.org.uploads import header_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from target_salesforce_bulk.emulator.org.job import Job

#: Rows that are held back to be shuffled, so that memory stays bounded.
_SHUFFLE_ROWS = 1000

#: The result files, and the columns that come before the client's own.
_KINDS = {
    "successfulResults": ("sf__Id", "sf__Created"),
    "failedResults": ("sf__Id", "sf__Error"),
    "unprocessedrecords": (),
}


class ResultFiles:
    """Writes the result files of one job."""

    def __init__(self, job: Job) -> None:
        delimiter = DELIMITERS[job.delimiter]
        header = header_line(job)
        # Seeded by the job, so that the order can be repeated.
        shuffle = random.Random(job.id)  # noqa: S311 - for order, not for secrets
        self._files: dict[str, _ShuffledFile] = {}
        for kind, own in _KINDS.items():
            file = job.result(kind).open("w", encoding="utf-8", newline="")
            file.write(delimiter.join([*(f'"{name}"' for name in own), header]) + "\n")
            self._files[kind] = _ShuffledFile(file, delimiter, shuffle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            file.close()

    def add_successful(self, record_id: str, *, created: bool, cells: list[str]) -> None:
        """Add an accepted row, with its values as the org prints them."""
        word = "true" if created else "false"
        self._files["successfulResults"].add([record_id, word, *cells])

    def add_failed(self, cells: list[str], error: str, width: int) -> None:
        """Add a rejected row as it was sent; blank if it does not have `width` cells."""
        shown = cells if len(cells) == width else [""] * width
        self._files["failedResults"].add(["", error, *shown])

    def add_unprocessed(self, rows: Iterable[list[str]]) -> None:
        """Add rows that were not processed."""
        for cells in rows:
            self._files["unprocessedrecords"].add(cells)


class _ShuffledFile:
    """A CSV file whose rows are written in random order."""

    def __init__(self, file: IO[str], delimiter: str, shuffle: random.Random) -> None:
        self._file = file
        self._separator = f'"{delimiter}"'
        self._random = shuffle
        self._waiting: list[str] = []

    def add(self, cells: list[str]) -> None:
        quoted = (cell.replace('"', '""') for cell in cells)
        line = f'"{self._separator.join(quoted)}"\n'
        if len(self._waiting) < _SHUFFLE_ROWS:
            self._waiting.append(line)
            return
        place = self._random.randrange(_SHUFFLE_ROWS)
        self._file.write(self._waiting[place])
        self._waiting[place] = line

    def close(self) -> None:
        self._random.shuffle(self._waiting)
        self._file.writelines(self._waiting)
        self._file.close()
