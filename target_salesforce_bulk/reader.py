"""Reads Singer messages, and says which line it could not read."""

from __future__ import annotations

import re
from collections import Counter
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.exceptions import (
    MapExpressionError,
    RecordsWithoutSchemaException,
    StreamMapConfigError,
)
from singer_sdk.io_base import SingerReader
from singer_sdk.singerlib.exceptions import InvalidInputLine
from singer_sdk.singerlib.json import deserialize_json

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.rows.compiled import Care

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_salesforce_bulk.sink import SalesforceSink


class _NoSchemaError(InputError, RecordsWithoutSchemaException):
    """Also the SDK's own exception, for whoever embeds the target."""


_KNOWN = "RECORD, SCHEMA, STATE, ACTIVATE_VERSION and BATCH"
_BLOCK_BYTES = 1 << 18
# How taps begin a RECORD; a line that begins otherwise is taken for one of the newest stream.
_STREAM = re.compile(rb'\{"type": ?"RECORD", ?"stream": ?"([^"\\]+)"')
_NOT_DECODED = (msgspec.DecodeError, UnicodeDecodeError)


class MessageReader(SingerReader):
    """The SDK's reader, in blocks of lines, with errors that name the line but do not show it.

    A line may be customer data, so no error message and no log shows it.

    Records of a stream whose sink can take them decoded go there in bulk; all else goes to the
    callbacks of the SDK, message by message.
    """

    def __init__(self) -> None:
        super().__init__()
        #: Finds the sink of a stream that takes decoded records, after the stream's first record.
        self.find_sink: Callable[[str], SalesforceSink | None] = lambda _: None
        self._sinks: dict[str, SalesforceSink | None] = {}
        self._newest: SalesforceSink | None = None
        self._callbacks: dict[str, Callable[[dict[str, Any]], None]] = {}
        self._stats: Counter[str] = Counter()
        self._lines_before = 0

    def process_lines(
        self,
        file_input: IO[str] | None,
        callbacks: dict[str, Callable[[dict[str, Any]], None]],
    ) -> Counter[str]:
        """Hand each message to whom it concerns, in order.

        Raises:
            InputError: a line that is not a Singer message, or not one that may come here.
        """
        self._callbacks = callbacks
        for block in _blocks(file_input or self.default_input):
            if not self._take_as_one(block):
                self._take_by_line(block)
        return self._stats

    def _take_as_one(self, block: bytes) -> bool:
        """Take a block if all of it is records of the newest stream."""
        sink = self._newest
        if sink is None or sink.compiled is None:
            return False
        try:
            messages = sink.compiled.message.decode_lines(block)
        except _NOT_DECODED:
            return False
        if len(messages) != block.count(b"\n"):  # blank lines are skipped there
            return False
        self._give(sink, messages, 0, lambda: block.split(b"\n"), care=Care.of(block))
        self._lines_before += len(messages)
        return True

    def _take_by_line(self, block: bytes) -> None:
        lines = block.removesuffix(b"\n").split(b"\n")
        care = Care.of(block)
        sink: SalesforceSink | None = None
        messages: list[Any] = []
        for place, line in enumerate(lines):
            its_sink = self._sink_of(line)
            message = _decoded(its_sink, line)
            if messages and (message is None or its_sink is not sink):
                self._give(sink, messages, place - len(messages), lambda: lines, care=care)
                messages = []
            if message is None:
                ended = place + 1 < len(lines) or block.endswith(b"\n")
                self._stats[self._take_line(place, line, ended=ended)] += 1
            else:
                sink = its_sink
                messages.append(message)
        if messages:
            first = len(lines) - len(messages)
            self._give(sink, messages, first, lambda: lines, care=care)
        self._lines_before += len(lines)

    def _sink_of(self, line: bytes) -> SalesforceSink | None:
        match = _STREAM.match(line)
        return self._sinks.get(match[1].decode(errors="replace")) if match else self._newest

    def _give(
        self,
        sink: SalesforceSink | None,
        messages: list[Any],
        first: int,
        lines: Callable[[], list[bytes]],
        *,
        care: Care,
    ) -> None:
        assert sink is not None  # noqa: S101 - its decoder made the messages

        def one_by_one(place: int) -> None:
            self._take_line(first + place, lines()[first + place])

        sink.take(messages, of="message", care=care, one_by_one=one_by_one)
        self._stats["RECORD"] += len(messages)

    def _take_line(self, place: int, line: bytes, *, ended: bool = True) -> str:
        """Take a line of the block by way of the SDK; the type of its message."""
        number = self._lines_before + place + 1
        message = self._read(number, line, ended=ended)
        try:
            callback = self._callbacks[message["type"]]
        except (KeyError, TypeError):
            raise InputError(
                f"Line {number} of the input is no Singer message: its type is none of "
                f"{_KNOWN}. The input must be the output of a Singer tap."
            ) from None
        self._hand_over(number, message, callback)
        if message["type"] == "SCHEMA":
            self._sinks.pop(message["stream"], None)
            self._newest = None
        elif message["type"] == "RECORD":
            stream = message["stream"]
            if stream not in self._sinks:
                self._sinks[stream] = self.find_sink(stream)
            self._newest = self._sinks[stream]
        return str(message["type"])

    @staticmethod
    def _read(number: int, line: bytes, *, ended: bool) -> dict[str, Any]:
        try:
            message = deserialize_json(line.decode())  # the reader's own would log the line
        except ValueError:
            cut = "" if ended else ", cut short"
            raise InputError(
                f"Line {number} of the input is not JSON ({len(line)} bytes{cut}). "
                "The input must be the output of a Singer tap; nothing after this line was read."
            ) from None
        if not isinstance(message, dict):
            raise InputError(f"Line {number} of the input is JSON, but no Singer message.")
        return message

    @staticmethod
    def _hand_over(
        number: int, message: dict[str, Any], callback: Callable[[dict[str, Any]], None]
    ) -> None:
        try:
            callback(message)
        except RecordsWithoutSchemaException:
            raise _NoSchemaError(
                f"Line {number} of the input is a {message['type']} of stream "
                f"{message.get('stream')}, but no SCHEMA came before it. The tap must send one."
            ) from None
        except InvalidInputLine:
            raise InputError(
                f"Line {number} of the input is a {message['type']} message without all of its "
                "members. The tap must send them."
            ) from None
        except (MapExpressionError, StreamMapConfigError) as error:
            raise InputError(
                f"Line {number} of the input: the stream map of stream {message.get('stream')} "
                f"cannot be used: {error} Correct stream_maps."
            ) from None


def _decoded(sink: SalesforceSink | None, line: bytes) -> Any:
    if sink is None or sink.compiled is None:
        return None
    try:
        return sink.compiled.message.decode(line)
    except _NOT_DECODED:
        return None


def _blocks(source: IO[str]) -> Iterator[bytes]:
    """Whole lines, as many as there are at a time: a line never waits for the next one."""
    binary = getattr(source, "buffer", None)
    if binary is None:  # text that never was bytes
        for line in source:
            yield line.encode(errors="surrogatepass")
        return
    parts: list[bytes] = []
    while data := binary.read1(_BLOCK_BYTES):
        end = data.rfind(b"\n") + 1
        if not end:
            parts.append(data)
            continue
        parts.append(data[:end])
        yield b"".join(parts)
        parts = [data[end:]] if end < len(data) else []
    if parts:
        yield b"".join(parts)
