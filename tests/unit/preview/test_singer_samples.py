"""The first records of each stream of a Singer input."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import pytest

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.preview import singer_samples
from target_salesforce_bulk.preview.singer_samples import read_samples_of


def schema(stream: str, *names: str) -> dict[str, Any]:
    properties = {each: {} for each in names}
    return {"type": "SCHEMA", "stream": stream, "schema": {"properties": properties}}


def record(stream: str, **values: Any) -> dict[str, Any]:
    return {"type": "RECORD", "stream": stream, "record": values}


def lines(*messages: Any) -> io.BytesIO:
    texts = (each if isinstance(each, bytes) else json.dumps(each).encode() for each in messages)
    return io.BytesIO(b"\n".join(texts))


def test_the_first_records() -> None:
    """So many of each stream that has a SCHEMA, the newest of which counts; digits stay."""
    source = lines(
        schema("a", "x"),
        b"",
        record("a", x=1),
        b'{"type": "RECORD", "stream": "a", "record": {"x": 1.10}}',
        record("a", x=3),
        record("c", x=1),
        schema("b"),
        {"type": "STATE", "value": {}},
        {"type": "BATCH", "stream": "b"},
        schema("a", "x", "y"),
        record("b"),
    )
    samples, remark = read_samples_of(source, "f", 2)

    assert samples.records == {"a": [{"x": 1}, {"x": Decimal("1.10")}], "b": [{}]}
    assert str(samples.records["a"][1]["x"]) == "1.10"
    assert [*samples.schemas["a"]["schema"]["properties"]] == ["x", "y"]
    assert remark == ""


def test_a_huge_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not read to its end, which is said."""
    monkeypatch.setattr(singer_samples, "MOST_BYTES", 200)
    source = lines(schema("a"), *(record("a", x=n) for n in range(1000)))
    samples, remark = read_samples_of(source, "f", 1)

    assert samples.records == {"a": [{"x": 0}]}
    assert remark == "Only 4 lines of f were read; streams that begin later are missing."
    assert source.readline() != b""


@pytest.mark.parametrize(
    "line",
    [
        b"no",
        b"[1]",
        b'{"type": 1}',
        b'{"type": "SCHEMA", "stream": "b"}',
        b'{"type": "SCHEMA", "stream": "b", "schema": 1}',
        b'{"type": "SCHEMA", "stream": "b", "schema": {"properties": {"x": 1}}}',
        b'{"type": "SCHEMA", "stream": "b", "schema": {"properties": 1}}',
        b'{"type": "RECORD", "stream": "a"}',
        b'{"type": "RECORD", "stream": "a", "record": 1}',
        b'{"type": "RECORD", "stream": "a", "record": {"x": ' + b"[" * 100_000 + b"}}",
        b"\xff",
    ],
)
def test_what_is_no_message(line: bytes) -> None:
    """The error names the line."""
    with pytest.raises(InputError) as caught:
        read_samples_of(lines(schema("a"), line), "f", 1)
    assert str(caught.value) == (
        "f, line 2: this is not a Singer message. Give the output of a tap, unchanged."
    )


def test_no_schema() -> None:
    """An input without one is an error."""
    with pytest.raises(InputError) as caught:
        read_samples_of(lines(), "f", 1)
    assert str(caught.value).startswith("f has no SCHEMA message.")
