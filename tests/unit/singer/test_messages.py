"""What a line must be to be a Singer message."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.singer.messages import (
    check_members,
    incomplete,
    read_message,
    too_deep,
)

WHERE = "Line 7 of the input"
GOOD: dict[str, dict[str, Any]] = {
    "RECORD": {"stream": "s", "record": {}},
    "SCHEMA": {
        "stream": "s",
        "schema": {"properties": {"a": {}, "b": {"anyOf": [{"type": "null"}]}}},
        "key_properties": ["a"],
    },
    "ACTIVATE_VERSION": {"stream": "s", "version": 1},
    "BATCH": {"stream": "s", "encoding": {}, "manifest": ["file:///a"]},
}
OBJECT = "the schema of an object with properties"


def refusal(message: dict[str, Any]) -> str:
    with pytest.raises(InputError) as raised:
        check_members(WHERE, message)
    return str(raised.value)


@pytest.mark.parametrize(
    "message",
    [
        *({"type": kind, **members} for kind, members in GOOD.items()),
        {"type": "SCHEMA", **GOOD["SCHEMA"], "key_properties": None},
        {"type": "SCHEMA", **GOOD["SCHEMA"], "key_properties": []},
        {"type": "SCHEMA", "stream": "s", "schema": {"properties": {}}},
        {"type": "RECORD", **GOOD["RECORD"], "more": 1},
    ],
)
def test_a_message_with_its_members(message: dict[str, Any]) -> None:
    """It is taken as it is: a key may be missing, and more may be there."""
    before = repr(message)
    check_members(WHERE, message)

    assert repr(message) == before


@pytest.mark.parametrize("kind", ["STATE", "OTHER", None, 7, ["RECORD"], {}])
def test_a_message_about_no_stream(kind: object) -> None:
    """Whoever dispatches it judges it."""
    check_members(WHERE, {"type": kind})


@pytest.mark.parametrize(
    ("kind", "member"),
    [
        (kind, member)
        for kind, members in GOOD.items()
        for member in members
        if member != "key_properties"
    ],
)
def test_a_member_that_is_missing(kind: str, member: str) -> None:
    """The line and the kind of message are named, for each member of each kind."""
    members = {name: value for name, value in GOOD[kind].items() if name != member}

    assert refusal({"type": kind, **members}) == (
        f"Line 7 of the input is a {kind} message with missing members. "
        "The tap must send all of them."
    )


@pytest.mark.parametrize(
    ("kind", "member", "value", "what"),
    [
        *((kind, "stream", value, "text") for kind in GOOD for value in (None, 7, ["s"])),
        *(("RECORD", "record", value, "an object") for value in (None, [], "hush")),
        *(("BATCH", "encoding", value, "an object") for value in (None, "jsonl")),
        *(("BATCH", "manifest", value, "a list of files") for value in (None, "a", [7])),
        *(("SCHEMA", "key_properties", value, "a list of names") for value in ("a", [7], {})),
        *(
            ("SCHEMA", "schema", value, OBJECT)
            for value in (
                None,
                {},
                {"properties": []},
                {"properties": {"a": True}},
                {"properties": {"a": {"anyOf": {}}}},
                {"properties": {"a": {"anyOf": [True]}}},
            )
        ),
    ],
)
def test_a_member_of_another_type(kind: str, member: str, value: object, what: str) -> None:
    """It is named with what it should be; its value, which may be customer data, is not."""
    assert refusal({"type": kind, **GOOD[kind], member: value}) == (
        f"Line 7 of the input is a {kind} message whose {member} is not {what}."
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.10", Decimal("1.10")),
        ("0.1000000000000000055511151231257827", Decimal("0.1000000000000000055511151231257827")),
        ("12", 12),
        ("9" * 5000, Decimal("9" * 5000)),
        (f"[{'8' * 5000}, 12, 0.5]", [Decimal("8" * 5000), 12, Decimal("0.5")]),
        ("1e99999999999999999999", Decimal("Infinity")),
    ],
)
def test_numbers_stay_exact(text: str, value: object) -> None:
    """Also one that Python's own reader refuses: it may cost its row, but not the run."""
    read = read_message(WHERE, f'{{"a": {text}}}\n'.encode(), ended=True)

    assert repr(read) == repr({"a": value})


@pytest.mark.parametrize(
    ("ended", "cut"),
    [(True, ""), (False, ", cut short")],
)
@pytest.mark.parametrize("line", [b"", b'{"hush', b"hush!", b'"\xff"', b"{} {}"])
def test_a_line_that_is_not_json(line: bytes, ended: bool, cut: str) -> None:
    """Its place and its size are named, but none of its text."""
    with pytest.raises(InputError) as raised:
        read_message(WHERE, line, ended=ended)

    assert str(raised.value) == (
        f"Line 7 of the input is not JSON ({len(line)} bytes{cut}). The input must be the output "
        "of a Singer tap; nothing after this line was read."
    )
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("line", [b"[]", b"7", b'"hush"', b"null"])
def test_json_that_is_no_message(line: bytes) -> None:
    """A message is an object."""
    with pytest.raises(InputError, match=r"^Line 7 of the input is JSON, but not a Singer message"):
        read_message(WHERE, line, ended=True)


def test_a_line_that_is_nested_too_deeply() -> None:
    """It is an error of the input, not of the program."""
    with pytest.raises(InputError) as raised:
        read_message(WHERE, b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}", ended=True)

    assert str(raised.value) == str(too_deep(WHERE))
    assert str(raised.value) == (
        "Line 7 of the input has arrays or objects that are nested too deeply to be read."
    )


def test_the_error_of_an_incomplete_message() -> None:
    """The same for what the SDK finds missing; the kind may come from outside."""
    assert str(incomplete(WHERE, "STATE\n")) == (
        "Line 7 of the input is a STATE\\n message with missing members. "
        "The tap must send all of them."
    )
