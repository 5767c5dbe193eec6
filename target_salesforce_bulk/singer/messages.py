"""Validates the lines of the input as Singer messages."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.json import deserialize_json

from target_salesforce_bulk.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable


def check_members(where: str, message: dict[str, Any]) -> None:
    """Refuse a message about a stream without its members, or with one of another type.

    Raises:
        InputError: the SDK could not take it.
    """
    kind = message.get("type")
    for member, what, is_good in _MEMBERS.get(kind, ()) if isinstance(kind, str) else ():
        if member not in message and member not in _OPTIONAL:
            raise incomplete(where, kind)
        if not is_good(message.get(member)):
            raise InputError(f"{where} is a {kind} message whose {member} is not {what}.")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_schema(value: Any) -> bool:
    """Whether a schema has properties, each with a schema of its own."""
    properties = value.get("properties") if isinstance(value, dict) else None
    return isinstance(properties, dict) and all(map(_is_property, properties.values()))


def _is_property(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    alternatives = value.get("anyOf", [])
    return isinstance(alternatives, list) and all(map(_is_object, alternatives))


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


_OPTIONAL = frozenset({"key_properties"})
_STREAM_MEMBER = ("stream", "text", _is_text)
#: What a message of a kind must have, what each is, and how that is known.
_MEMBERS: dict[str, tuple[tuple[str, str, Callable[[Any], bool]], ...]] = {
    "RECORD": (_STREAM_MEMBER, ("record", "an object", _is_object)),
    "SCHEMA": (
        _STREAM_MEMBER,
        ("schema", "the schema of an object with properties", _is_schema),
        ("key_properties", "a list of names", lambda value: value is None or _are_texts(value)),
    ),
    "ACTIVATE_VERSION": (_STREAM_MEMBER, ("version", "a number", lambda _: True)),
    "BATCH": (
        _STREAM_MEMBER,
        ("encoding", "an object", _is_object),
        ("manifest", "a list of files", _are_texts),
    ),
}


def incomplete(where: str, kind: Any) -> InputError:
    """The error of a message without all of its members."""
    return InputError(
        f"{where} is a {kind} message with missing members. The tap must send all of them."
    )


def too_deep(where: str) -> InputError:
    """The error of a line that is nested too deeply for Python."""
    return InputError(f"{where} has arrays or objects that are nested too deeply to be read.")


def _decimal(text: str) -> Decimal:
    """A number; one that is beyond all decimals is infinite, which no field takes."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal("Infinity")


# Digits of an integer that Python reads at any rate, whatever its limit is.
_LONG_INTEGER = 640


def _parsed(text: str) -> Any:
    try:
        return deserialize_json(text)
    except (ValueError, ArithmeticError):
        # Python reads no integer of more than 4,300 digits, and no decimal with such an exponent;
        # such a number costs its row and not the run.
        return json.loads(text, parse_int=_integer, parse_float=_decimal)


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) < _LONG_INTEGER else Decimal(text)


def read_message(where: str, line: bytes, *, ended: bool) -> dict[str, Any]:
    """The object that a line is.

    Raises:
        InputError: it is none; the message does not show it, as it may be customer data.
    """
    try:
        message = _parsed(line.decode())  # the reader's own would log the line
    except RecursionError:
        raise too_deep(where) from None
    except ValueError:
        cut = "" if ended else ", cut short"
        raise InputError(
            f"{where} is not JSON ({len(line)} bytes{cut}). "
            "The input must be the output of a Singer tap; nothing after this line was read."
        ) from None
    if not isinstance(message, dict):
        raise InputError(f"{where} is JSON, but not a Singer message.")
    return message
