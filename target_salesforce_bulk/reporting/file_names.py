"""Names of files that are named after a stream."""

from __future__ import annotations


def file_name(stream: str) -> str:
    """A stream name, made safe for use in a file name."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in stream)
