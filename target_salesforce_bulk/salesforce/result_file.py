"""Saves a result file of a job."""

from __future__ import annotations

import codecs
import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.salesforce.exchange import ExchangeError, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

#: The largest CSV that Salesforce accepts; see
#: https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide/salesforce-app-limits-platform-bulkapi.html
_MOST_UPLOAD_BYTES = 150_000_000
#: Results repeat each row in quotes and add an Id or an error message. With rows of 20 bytes, this
#: allows error messages of 4,000 bytes on average.
_GROWTH = 200
_LEAST_BOUND = 64 << 20


def result_bound(upload_bytes: int = _MOST_UPLOAD_BYTES) -> int:
    """The maximum bytes of a result file of an upload; a larger one may be a gzip bomb."""
    return _LEAST_BOUND + _GROWTH * upload_bytes


class ResultFile:
    """Writes a download to a draft, and moves it into place when it is complete.

    Invalid content raises an `ExchangeError`, a disk error a `StateDirectoryError`.

    Args:
        path: Where to save the file.
        most_bytes: A larger file is refused.
    """

    def __init__(self, path: Path, most_bytes: int) -> None:
        self._path = path
        self._draft = path.with_name(f"{path.name}.part")
        self._most_bytes = most_bytes
        self._file: IO[bytes] | None = None
        self._size = 0

    def __enter__(self) -> ResultFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def restart(self) -> None:
        """Start an empty draft.

        Raises:
            StateDirectoryError: it cannot be created.
        """
        self._close()
        self._size = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        with self._local():
            self._draft.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            self._file = os.fdopen(os.open(self._draft, flags, 0o600), "wb")

    def write(self, chunk: bytes) -> None:
        """Write bytes after checking them.

        Raises:
            ExchangeError: they are HTML, too many, or not UTF-8.
            StateDirectoryError: they cannot be written.
        """
        if self._size == 0 and chunk.lstrip()[:1] == b"<":
            raise ExchangeError(Trouble.UNUSABLE, "it is an HTML page, not CSV")
        self._size += len(chunk)
        if self._size > self._most_bytes:
            raise ExchangeError(
                Trouble.TOO_LARGE,
                f"it has more than {self._most_bytes:,} bytes, too many for a result of this job",
            )
        self._decode(chunk)
        if self._file is not None:
            with self._local():
                self._file.write(chunk)

    def finish(self) -> None:
        """Move the file into place.

        Raises:
            ExchangeError: it ends within a character.
            StateDirectoryError: it cannot be written.
        """
        self._decode(b"", final=True)
        with self._local():
            self._close()
            self._draft.replace(self._path)

    def _decode(self, chunk: bytes, *, final: bool = False) -> None:
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError:
            raise ExchangeError(Trouble.UNUSABLE, "it is not UTF-8") from None

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with self._local():
                file.close()

    @contextmanager
    def _local(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StateDirectoryError(
                f"{self._path} cannot be written: {error.strerror or error}. Make room, or make "
                "its folder writable; Salesforce keeps the results for seven days."
            ) from error
