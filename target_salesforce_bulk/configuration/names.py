"""Names of settings that were meant, and what a setting takes in words."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

#: Settings that targets built on the SDK have in common, but that mean nothing here.
WITHOUT_EFFECT = ("load_method", "add_record_metadata", "batch_config")

_WORDS = {
    "string": "text",
    "number": "a finite number",
    "integer": "an integer",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
_BOUNDS = {"minimum": "at least", "maximum": "at most"}


def did_you_mean(name: str, known: Collection[str], prefix: str = "") -> str:
    """A sentence with the names that may have been meant; empty if none is near.

    Args:
        name: As it was written.
        known: The names there are.
        prefix: What stands before each name in the sentence.
    """
    by_plain = {_plain(each): each for each in known}
    close = difflib.get_close_matches(_plain(name), by_plain, n=2, cutoff=0.7)
    meant = " or ".join(f"{prefix}{by_plain[each]}" for each in close)
    return f" Did you mean {meant}?" if close else ""


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")


def types_of(declared: Mapping[str, Any]) -> list[str]:
    """The JSON types that a setting takes, apart from null."""
    types = declared.get("type", [])
    listed = [types] if isinstance(types, str) else list(types)
    return [each for each in listed if each != "null"]


def refusal(path: str, declared: Mapping[str, Any]) -> str:
    """The sentence for a value that a setting does not take."""
    return f"{path} must be {what_it_takes(declared)}. Correct it, or remove it to get the default."


def what_it_takes(declared: Mapping[str, Any]) -> str:
    """What a setting takes, in words."""
    choices = [str(each) for each in declared.get("enum", []) if each is not None]
    if choices:
        return f"one of {', '.join(choices)}"
    types = types_of(declared)
    words = _WORDS.get("number" if "number" in types else next(iter(types), ""), "something else")
    if "array" in types:
        words += " of texts"
    if "pattern" in declared:
        examples = [declared.get("default"), *declared.get("examples", ())]
        words += f" such as {next(each for each in examples if each is not None)}"
    bounds = [f"{word} {declared[name]}" for name, word in _BOUNDS.items() if name in declared]
    return ", ".join([words, *bounds])
