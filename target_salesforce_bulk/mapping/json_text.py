"""Changes one member of a JSON text; every other character of it stays."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BLANK = re.compile(r"[ \t\r\n]*")
_INDENT = re.compile(r"^([ \t]+)\S", re.MULTILINE)


class JsonText:
    """A JSON document with one object at its top.

    Args:
        text: The text; empty for a file that is to be made.
        name: What it is called in messages.

    Attributes:
        value: What it says.

    Raises:
        InputError: it is not JSON, or repeats a key.
    """

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._text = text if text.strip() else "{}\n"
        self.value = self._load()
        self._newline = "\r\n" if "\r\n" in text else "\n"
        indent = _INDENT.search(self._text)
        self._indent = indent[1] if indent else "  "

    def _load(self) -> dict[str, Any]:
        try:
            found = json.loads(self._text, object_pairs_hook=self._object)
        except json.JSONDecodeError as error:
            raise InputError(
                f"{plain_text(self._name)} is not JSON (line {error.lineno}, column "
                f"{error.colno}). Correct it."
            ) from None
        except RecursionError:
            raise InputError(f"{plain_text(self._name)} is nested too deeply.") from None
        if not isinstance(found, dict):
            raise InputError(
                f"{plain_text(self._name)} holds no JSON object. Write the settings as "
                '{"login_url": "...", ...}.'
            )
        return found

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(
                f"{plain_text(self._name)} has the key {plain_text(twice)} twice in one object, "
                f"in line {self._line_of_second(twice)} again. Remove one of them."
            )
        return found

    def _line_of_second(self, name: str) -> int:
        found = [each.start() for each in re.finditer(re.escape(json.dumps(name)), self._text)]
        return self._text.count("\n", 0, found[1] if len(found) > 1 else 0) + 1

    def changed(self, member: str, new: Mapping[str, Any]) -> str:
        """The text with a member of the top object replaced; it is written anew as a whole."""
        if self.value.get(member) == new:
            return self._text
        spans = {name: (start, end) for name, start, end in self._members()}
        shown = self._shown(new)
        if member in spans:
            start, end = spans[member]
            return self._text[:start] + shown + self._text[end:]
        line = f"{self._newline}{self._indent}{json.dumps(member)}: {shown}"
        if spans:
            last = max(end for _, end in spans.values())
            return f"{self._text[:last]},{line}{self._text[last:]}"
        brace = self._text.index("{") + 1
        return f"{self._text[:brace]}{line}{self._newline}{self._text[brace:].lstrip()}"

    def _shown(self, value: Mapping[str, Any]) -> str:
        text = json.dumps(value, indent=self._indent, ensure_ascii=False)
        return text.replace("\n", f"{self._newline}{self._indent}")

    def _members(self) -> Iterator[tuple[str, int, int]]:
        """The members of the top object, with where their values begin and end."""
        decoder = json.JSONDecoder()
        place = self._skip(self._text.index("{") + 1)
        while self._text[place] != "}":
            name, place = decoder.raw_decode(self._text, place)
            start = self._skip(self._skip(place) + 1)
            end = decoder.raw_decode(self._text, start)[1]
            yield name, start, end
            place = self._skip(end)
            if self._text[place] == ",":
                place = self._skip(place + 1)

    def _skip(self, place: int) -> int:
        found = _BLANK.match(self._text, place)
        return found.end() if found else place
