"""Names of files that are called after a stream."""

from __future__ import annotations


def file_name(stream: str) -> str:
    """A stream's name as part of a file's name."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in stream)
