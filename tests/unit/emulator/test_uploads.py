"""How uploads are read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.emulator.org.job import JobFailedError
from target_salesforce_bulk.emulator.org.uploads import (
    check_bytes,
    chunks,
    header_line,
    read_rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.job import Job

LINE_ENDING = (
    "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is "
)
QUOTE = (
    "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be "
    "within a quote"
)


@pytest.mark.parametrize(
    ("upload", "line_ending", "error"),
    [
        (b"a\nb\n", "LF", None),
        (b"a\r\nb\r\n", "CRLF", None),
        (b"a\nb", "LF", None),
        (b"a\nb\r\n", "LF", f"{LINE_ENDING}LF"),
        (b"a\r\nb", "LF", f"{LINE_ENDING}LF"),
        (b"a\r\nb\n", "CRLF", f"{LINE_ENDING}CRLF"),
        (b"\xef\xbb\xbfa\nb\n", "LF", QUOTE),
    ],
)
def test_the_bytes_of_an_upload(
    new_job: Callable[..., Job], upload: bytes, line_ending: str, error: str | None
) -> None:
    """Another line ending than the job's, or a byte order mark, fails the job."""
    job = new_job(upload, line_ending=line_ending)
    if error is None:
        check_bytes(job)
        return
    with pytest.raises(JobFailedError) as caught:
        check_bytes(job)

    assert str(caught.value) == error


@pytest.mark.parametrize(
    ("facts", "text", "rows"),
    [
        ({}, 'a,b\n"1,2","3""4"\n', [["a", "b"], ["1,2", '3"4']]),
        ({"delimiter": "PIPE"}, "a|b\n1,2|3\n", [["a", "b"], ["1,2", "3"]]),
        ({}, '"a\nb"\n', [["a\nb"]]),
        ({}, "", []),
    ],
)
def test_the_rows_of_an_upload(
    new_job: Callable[..., Job], facts: dict[str, Any], text: str, rows: list[list[str]]
) -> None:
    """They are CSV with the delimiter of the job."""
    assert list(read_rows(new_job(**facts), io.StringIO(text, newline=""))) == rows


@pytest.mark.parametrize("text", ['"open\n', '"a"b\n'])
def test_an_upload_that_is_not_csv(new_job: Callable[..., Job], text: str) -> None:
    """It fails the job."""
    with pytest.raises(JobFailedError) as caught:
        list(read_rows(new_job(), io.StringIO(text, newline="")))

    assert str(caught.value) == QUOTE


@pytest.mark.parametrize(
    ("number", "sizes"), [(0, []), (200, [200]), (201, [200, 1]), (450, [200, 200, 50])]
)
def test_chunks(number: int, sizes: list[int]) -> None:
    """Rows are processed by 200."""
    rows = [[str(n)] for n in range(number)]
    found = list(chunks(iter(rows)))

    assert [len(chunk) for chunk in found] == sizes
    assert [row for chunk in found for row in chunk] == rows


@pytest.mark.parametrize(
    ("upload", "line"),
    [(None, ""), (b"", ""), (b'"A",b\r\n1,2\r\n', '"A",b'), (b"\xef\xbb\xbfA\n", "A")],
)
def test_the_header_of_an_upload(
    new_job: Callable[..., Job], upload: bytes | None, line: str
) -> None:
    """It is kept as the client wrote it."""
    assert header_line(new_job(upload)) == line
