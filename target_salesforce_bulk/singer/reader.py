"""Reads Singer messages; errors name the line."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.exceptions import (
    MapExpressionError,
    RecordsWithoutSchemaException,
    StreamMapConfigError,
)
from singer_sdk.io_base import SingerReader
from singer_sdk.singerlib.exceptions import InvalidInputLine

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.rows.json_rows import TextHazards
from target_salesforce_bulk.singer.age_seal import AgeSeal
from target_salesforce_bulk.singer.batch_files import LongLineError, line_blocks, read_slices
from target_salesforce_bulk.singer.batch_sources import BatchSources
from target_salesforce_bulk.singer.messages import (
    check_members,
    incomplete,
    read_message,
    too_deep,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from target_salesforce_bulk.singer.sink import SalesforceSink


class _NoSchemaError(InputError, RecordsWithoutSchemaException):
    """Also the SDK's own exception, for code that embeds the target."""


#: Seconds after which batches are looked at that nobody opened yet.
_NEVER = 3600.0
_KNOWN = "RECORD, SCHEMA, STATE, ACTIVATE_VERSION and BATCH"
# How taps begin a RECORD. Any other line is tried as a record of the newest stream.
_STREAM = re.compile(rb'\{"type": ?"RECORD", ?"stream": ?"([^"\\]+)"')
# What a decoder raises for a line that the ordinary way must look at: of another kind, not JSON,
# nested too deeply, or with a number that no decimal can be.
_NOT_DECODED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError)


class MessageReader(SingerReader):
    """Reads blocks of lines; errors name a line but never show it, as it may be customer data.

    Records go to their sink in bulk if it can decode them. All other messages go to the SDK's
    callbacks, one by one. Records of BATCH files are treated alike.
    """

    def __init__(self) -> None:
        super().__init__()
        #: Finds the sink that takes a stream's records in bulk; called after the stream's SCHEMA.
        self.find_sink: Callable[[str], SalesforceSink | None] = lambda _: None
        #: Seals batches by their age; the seconds until the next may be old enough.
        self.seal_old: Callable[[], float] = lambda: _NEVER
        #: Whether the records of a BATCH of a stream are left out, so that no file need be read.
        self.leaves_out: Callable[[str], bool] = lambda _: False
        #: Where the files of BATCH messages may lie.
        self.batch_sources: Callable[[], BatchSources] = BatchSources
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
        """Dispatch each message, in order.

        Raises:
            InputError: a line is not a Singer message, or comes before its SCHEMA.
        """
        self._callbacks = callbacks
        age_seal = AgeSeal(self.seal_old)
        with age_seal.running():
            for block in self._blocks(file_input or self.default_input):
                with age_seal.taking:
                    self._take_block(block)
        return self._stats

    def _take_block(self, block: bytes) -> None:
        """Take some whole lines."""
        lines = _Lines(block)
        if not self._take_as_one(lines):
            take_place, hazards = self._take_place(lines), TextHazards.of(block)
            _give_by_line(lines, hazards, self._sink_of, take_place, self._stats, of="message")
        self._lines_before += lines.number

    def _blocks(self, source: IO[str]) -> Iterator[bytes]:
        binary = getattr(source, "buffer", None)
        if binary is None:  # a text stream without bytes
            for line in source:
                yield line.encode(errors="surrogatepass")
            return
        try:
            yield from line_blocks(binary)
        except LongLineError as error:
            where = f"Line {self._lines_before + 1} of the input"
            raise InputError(f"{where} is too long: {error}") from None

    def _take_as_one(self, lines: _Lines) -> bool:
        """Take a block that consists of records of the newest stream; False if it does not."""
        sink = self._newest
        messages = _decoded(sink, lines.block, lines.number, of="message")
        if sink is None or messages is None:
            return False
        _give(sink, messages, TextHazards.of(lines.block), self._take_place(lines), of="message")
        self._stats["RECORD"] += len(messages)
        return True

    def _sink_of(self, line: bytes) -> SalesforceSink | None:
        match = _STREAM.match(line)
        return self._sinks.get(match[1].decode(errors="replace")) if match else self._newest

    def _take_place(self, lines: _Lines) -> Callable[[int], str]:
        """Make a function that passes a line of the block to the SDK and returns its type."""

        def take(place: int) -> str:
            where = f"Line {self._lines_before + place + 1} of the input"
            ended = lines.ended or place + 1 < lines.number
            message = read_message(where, lines.texts[place], ended=ended)
            return self._take_message(where, message)

        return take

    def _take_message(self, where: str, message: dict[str, Any]) -> str:
        kind = message.get("type")
        check_members(where, message)
        if kind == "BATCH":
            self._take_batch(where, message)
            return "BATCH"
        self._hand_over(where, message)
        if kind == "SCHEMA":
            self._sinks.pop(message["stream"], None)
            self._newest = None
        elif kind == "RECORD":
            self._newest = self._sink(message["stream"])
        return str(kind)

    def _sink(self, stream: str) -> SalesforceSink | None:
        """The sink that takes a stream's records in bulk, if there is one."""
        if stream not in self._sinks:
            self._sinks[stream] = self.find_sink(stream)
        return self._sinks[stream]

    def _hand_over(self, where: str, message: dict[str, Any]) -> None:
        """Call the SDK's callback for a message."""
        kind = message.get("type")
        callback = self._callbacks.get(kind) if isinstance(kind, str) else None
        if callback is None:
            raise InputError(
                f"{where} is not a Singer message: its type is not one of "
                f"{_KNOWN}. The input must be the output of a Singer tap."
            )
        try:
            callback(message)
        except RecordsWithoutSchemaException:
            raise _NoSchemaError(
                f"{where} is a {kind} of stream {plain_text(message.get('stream'))}, but no SCHEMA "
                "came before it. The tap must send one."
            ) from None
        except RecursionError:
            raise too_deep(where) from None
        except InvalidInputLine:
            raise incomplete(where, kind) from None
        except (MapExpressionError, StreamMapConfigError) as error:
            raise InputError(
                f"{where}: the stream map of stream {plain_text(message.get('stream'))} cannot be "
                f"used: {error} Correct stream_maps."
            ) from None

    def _take_batch(self, where: str, message: dict[str, Any]) -> None:
        """Take the records of a BATCH message's files as if they were RECORD messages."""
        stream, before = message["stream"], Counter[str]()
        if self.leaves_out(stream):
            return
        sources = self.batch_sources()
        for name, part in read_slices(message["encoding"], message["manifest"], sources):
            take = self._take_json if isinstance(part, bytes) else self._take_columns
            before[name] += take(stream, name, before[name], part)

    def _take_json(self, stream: str, name: str, before: int, block: bytes) -> int:
        """Take records from lines of a file; returns their number."""
        lines = _Lines(block)

        def take_place(place: int) -> str:
            where = f"Line {before + place + 1} of {name}"
            self._take_record(where, stream, read_message(where, lines.texts[place], ended=True))
            return "RECORD"

        sink, hazards = self._sink(stream), TextHazards.of(block)
        records = _decoded(sink, block, lines.number, of="record")
        if sink is not None and records is not None:
            _give(sink, records, hazards, take_place, of="record")
        else:
            _give_by_line(lines, hazards, lambda _: sink, take_place, Counter(), of="record")
        return lines.number

    def _take_columns(self, stream: str, name: str, before: int, part: pa.RecordBatch) -> int:
        """Take records from Arrow data; returns their number."""
        from target_salesforce_bulk.rows.arrow_values import records  # an optional package

        found: list[dict[str, Any]] = []

        def take_place(place: int) -> None:
            if not found:
                found.extend(records(part))
            self._take_record(f"Row {before + place + 1} of {name}", stream, found[place])

        sink = self._sink(stream)
        arrow_rows = None if sink is None else sink.arrow_rows()
        if sink is None or arrow_rows is None:
            for place in range(part.num_rows):
                take_place(place)
        else:
            sink.take(part.num_rows, arrow_rows.rows(part).after, take_place)
        return int(part.num_rows)

    def _take_record(self, where: str, stream: str, record: dict[str, Any]) -> None:
        """Pass a record of a file to the SDK."""
        self._hand_over(where, {"type": "RECORD", "stream": stream, "record": record})


class _Lines:
    """The lines of a block, split on demand."""

    def __init__(self, block: bytes) -> None:
        self.block = block
        #: Whether the last line ends with a newline.
        self.ended = block.endswith(b"\n")
        self.number = block.count(b"\n") + (not self.ended)

    @cached_property
    def texts(self) -> list[bytes]:
        """Each line, without its newline."""
        return self.block.removesuffix(b"\n").split(b"\n")


def _decoded(sink: SalesforceSink | None, block: bytes, lines: int, *, of: str) -> list[Any] | None:
    """The messages or records of a block; None if the sink cannot decode each of its lines."""
    if sink is None or sink.json_rows is None:
        return None
    decoder = sink.json_rows.message if of == "message" else sink.json_rows.record
    try:
        found: list[Any] = decoder.decode_lines(block)
    except _NOT_DECODED:
        return None
    return found if len(found) == lines else None  # blank lines are skipped there


def _give(
    sink: SalesforceSink,
    decoded: list[Any],
    hazards: TextHazards,
    one_by_one: Callable[[int], Any],
    *,
    of: str,
) -> None:
    """Give a sink the messages or records that its decoder made."""
    json_rows = sink.json_rows
    if json_rows is None:
        raise AssertionError("The sink has no decoder.")
    sink.take(
        len(decoded),
        lambda place: json_rows.rows(islice(decoded, place, None), of=of, hazards=hazards),
        one_by_one,
    )


def _give_by_line(
    lines: _Lines,
    hazards: TextHazards,
    sink_of: Callable[[bytes], SalesforceSink | None],
    take_place: Callable[[int], str],
    stats: Counter[str],
    *,
    of: str,
) -> None:
    """Give runs of lines to the sinks that can decode them, and all other lines one by one.

    Args:
        lines: The lines of a block.
        hazards: The text hazards of the block.
        sink_of: Returns the sink whose decoder to try on a line.
        take_place: Passes the line at an index to the SDK and returns its message type.
        stats: Counts the messages by type.
        of: Whether the lines are a `message` or a `record` each.
    """
    run: list[Any] = []
    sink: SalesforceSink | None = None

    def give_run(end: int) -> None:
        if run and sink is not None:
            first = end - len(run)
            _give(sink, run, hazards, lambda place: take_place(first + place), of=of)
            stats["RECORD"] += len(run)
            run.clear()

    for place, line in enumerate(lines.texts):
        its_sink = sink_of(line)
        decoded = _decoded(its_sink, line, 1, of=of)
        if decoded is None or its_sink is not sink:
            give_run(place)
        if decoded is None:
            stats[take_place(place)] += 1
        else:
            sink = its_sink
            run += decoded
    give_run(lines.number)
