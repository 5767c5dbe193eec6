"""Writes Singer messages to stdout, many records at once: the SDK flushes after each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec
from singer_sdk.singerlib import RecordMessage
from singer_sdk.singerlib.encoding import SimpleSingerWriter

if TYPE_CHECKING:
    from singer_sdk.singerlib import Message

_MOST_LINES = 1000


class BlockWriter(SimpleSingerWriter):
    """Keeps lines of records until there are many, or a message of another kind comes."""

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder()
        self._lines: list[bytes] = []

    def write_message(self, message: Message) -> None:
        """Write a message after those before it."""
        self._lines.append(self._encoder.encode(message.to_dict()))
        if not isinstance(message, RecordMessage) or len(self._lines) >= _MOST_LINES:
            self.flush()

    def flush(self) -> None:
        """Write what is kept."""
        lines, self._lines = self._lines, []
        for line in lines:
            sys.stdout.write(f"{line.decode()}\n")
        sys.stdout.flush()
