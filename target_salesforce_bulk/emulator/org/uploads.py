"""How the data of a closed job is read.

Nothing of an upload is checked before its job is closed.
"""

from __future__ import annotations

import csv
import sys
from typing import IO, TYPE_CHECKING

from target_salesforce_bulk.emulator.org.job import DELIMITERS, JobFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.emulator.org.job import Job

csv.field_size_limit(sys.maxsize)

_CHUNK_ROWS = 200
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def check_bytes(job: Job) -> None:
    """Check what Salesforce checks before it looks at a row.

    Raises:
        JobFailedError: the file has a byte order mark, or not the line ending of the job.
    """
    with job.data.open("rb") as file:
        if file.read(len(_BYTE_ORDER_MARK)) == _BYTE_ORDER_MARK:
            raise _unescaped_quote()
        file.seek(0)
        crlf = job.line_ending == "CRLF"
        for line in file:
            if line.endswith(b"\n") and line.endswith(b"\r\n") is not crlf:
                raise JobFailedError(
                    "ClientInputError : LineEnding is invalid on user data. Current LineEnding "
                    f"setting is {job.line_ending}"
                )


def read_rows(job: Job, file: IO[str]) -> Iterator[list[str]]:
    """The rows of an upload, header first.

    Raises:
        JobFailedError: the file is not CSV.
    """
    try:
        yield from csv.reader(file, delimiter=DELIMITERS[job.delimiter], strict=True)
    except (csv.Error, UnicodeDecodeError):
        raise _unescaped_quote() from None


def chunks(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    """Rows in groups of 200, which Salesforce processes together."""
    chunk: list[list[str]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def header_line(job: Job) -> str:
    """The header of an upload as the client wrote it; empty without an upload."""
    if not job.uploads:
        return ""
    with job.data.open(encoding="utf-8", errors="replace", newline="") as file:
        return file.readline().rstrip("\r\n").lstrip("\ufeff")


def _unescaped_quote() -> JobFailedError:
    return JobFailedError(
        "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be "
        "within a quote"
    )
