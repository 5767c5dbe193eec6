"""The first records of each stream of a Singer input."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.plain_text import counted, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO

#: How much of an input is read.
MOST_BYTES = 256_000_000
_LONGEST_LINE = 32_000_000


class _Head(msgspec.Struct):
    type: str = ""
    stream: str = ""


class SingerSamples:
    """Collects SCHEMA messages and the first records of each stream.

    Args:
        most: Number of records to keep of each stream.

    Attributes:
        schemas: The newest SCHEMA message of each stream.
        records: The records of each stream that has a SCHEMA, numbers with a fraction as `Decimal`.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.schemas: dict[str, dict[str, Any]] = {}
        self.records: dict[str, list[dict[str, Any]]] = {}
        self._head = msgspec.json.Decoder(_Head)

    def is_full(self, stream: str) -> bool:
        """Whether no more records of a stream are wanted."""
        return len(self.records.get(stream, ())) >= self.most

    def add(self, line: bytes) -> str | None:
        """Take a line; the stream of the record in it, or None if it is none.

        Raises:
            ValueError: it is not a Singer message.
        """
        head = self._head.decode(line)
        if head.type == "SCHEMA":
            message = _decoded(line)
            properties = message["schema"].get("properties", {})
            if not isinstance(properties, dict) or not all(
                isinstance(each, dict) for each in properties.values()
            ):
                raise ValueError
            self.schemas[head.stream] = message
            self.records.setdefault(head.stream, [])
        if head.type != "RECORD":
            return None
        if head.stream in self.records and not self.is_full(head.stream):
            self.records[head.stream].append(_decoded(line)["record"])
        return head.stream


def _decoded(line: bytes) -> dict[str, Any]:
    """A SCHEMA or RECORD message.

    Raises:
        ValueError: it has another form.
    """
    found: dict[str, Any] = json.loads(line, parse_float=Decimal)
    content = found.get("schema", found.get("record"))
    if not found.get("stream") or not isinstance(content, dict):
        raise ValueError
    return found


def read_samples_of(source: IO[bytes], name: str, most: int) -> tuple[SingerSamples, str]:
    """Read the beginning of a Singer input.

    Args:
        source: The input.
        name: What it is called in messages.
        most: Number of records to keep of each stream.

    Returns:
        The samples, and a remark if the input was not read to its end; empty otherwise.

    Raises:
        InputError: a line is not a Singer message, or there is no SCHEMA.
    """
    samples = SingerSamples(most)
    read = 0
    for number, line in enumerate(_lines(source), 1):
        read += len(line)
        add_line(samples, line, f"{plain_text(name)}, line {number}")
        if read > MOST_BYTES:
            remark = (
                f"Only {counted(number, 'line')} of {plain_text(name)} were read; streams "
                "that begin later are missing."
            )
            return _checked(samples, name), remark
    return _checked(samples, name), ""


def add_line(samples: SingerSamples, line: bytes, place: str) -> str | None:
    """Add a line of an input; see `SingerSamples.add`.

    Raises:
        InputError: it is not a Singer message.
    """
    if not line.strip():
        return None
    try:
        return samples.add(line)
    except (ValueError, RecursionError):
        raise InputError(
            f"{place}: this is not a Singer message. Give the output of a tap, unchanged."
        ) from None


def _lines(source: IO[bytes]) -> Iterable[bytes]:
    return iter(lambda: source.readline(_LONGEST_LINE), b"")


def _checked(samples: SingerSamples, name: str) -> SingerSamples:
    if not samples.schemas:
        raise InputError(
            f"{plain_text(name)} has no SCHEMA message. Give the output of a tap, from its start."
        )
    return samples
