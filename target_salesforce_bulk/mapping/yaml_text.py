"""Changes single values of a YAML text; every other character of it stays."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import InputError, SettingsError
from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

#: Text that is the same text in every version of YAML without quotes.
_PLAIN = re.compile(r"[A-Za-z_*][\w.]*(:[\w.]+)?|[A-Za-z_][\w.-]*", re.ASCII)
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_STEP = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A node of the text: where it begins and ends, in characters.

    A collection in block style ends with its last value, before comments.
    """

    start: int
    end: int
    column: int
    name: str = ""
    is_flow: bool = False
    is_mapping: bool = False
    is_alias: bool = False
    entries: tuple[tuple[Part, Part], ...] = ()
    items: tuple[Part, ...] = ()

    def at(self, *path: str | int) -> Part:
        """The part at a path of keys and places in it."""
        if not path:
            return self
        first, *rest = path
        if isinstance(first, int):
            return self.items[first].at(*rest)
        return next(value for key, value in self.entries if key.name == first).at(*rest)


class YamlText:
    """A YAML document with one mapping at its top.

    Args:
        text: The text, without a byte order mark.
        name: What it is called in messages.

    Attributes:
        value: What it says, as plain values.

    Raises:
        InputError: it is not YAML, or repeats a key.
        SettingsError: ruamel.yaml is not installed.
    """

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self.value: dict[str, Any] = _load(text, name)
        self._root = _Builder(text).root
        self._step = next(_steps(self._root), _STEP)

    def changed(self, path: Sequence[str | int], new: Mapping[str, Any]) -> str:
        """The text with the mapping at a path replaced, changing only what differs.

        Raises:
            SettingsError: an anchor or a merge key is in the way.
        """
        part, old = self._root.at(*path), _value_at(self.value, path)
        edits = list(self._edits(part, old, new))
        text = _applied(self._text, edits)
        expected = _replaced(self.value, path, new)
        try:
            is_right = _load(text, self._name) == expected
        except InputError:
            is_right = False
        if not is_right:
            raise SettingsError(
                f"{plain_text(self._name)}, line {self.line(part)}: the settings here cannot be "
                "changed alone, because anchors (&), aliases (*) or merge keys (<<) share them. "
                "Write them out in place of the alias, and repeat the command."
            )
        return text

    def line(self, part: Part) -> int:
        """The line that a part begins in, from 1."""
        return self._text.count("\n", 0, part.start) + 1

    def line_at(self, *path: str | int) -> int:
        """The line that the value at a path begins in, from 1."""
        return self.line(self._root.at(*path))

    def _edits(
        self, part: Part, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Iterator[tuple[int, int, str]]:
        own = {key.name: (key, value) for key, value in part.entries}
        if part.is_flow and own.keys() - new.keys():
            yield part.start, part.end, _flow(new)
            return
        for name, (key, value) in own.items():
            if name not in new:
                if name in old:
                    yield self._removal(key, value)
            elif new[name] != old.get(name):
                yield from self._change(part, key, value, old.get(name), new[name])
        added = {name: each for name, each in new.items() if _is_added(name, own, old, new)}
        if added:
            yield self._addition(part, added)

    def _change(
        self, part: Part, key: Part, value: Part, old: Any, new: Any
    ) -> Iterator[tuple[int, int, str]]:
        if isinstance(new, dict) and isinstance(old, dict) and value.entries and new:
            yield from self._edits(value, old, new)
        elif part.is_flow or not (isinstance(new, dict) and new) or _is_long_form(new):
            start = self._start_on_line(key, value)
            blank = "" if self._text[start - 1].isspace() else " "
            yield start, value.end, f"{blank}{_flow(new)}"
        else:
            # A comment behind the key stays there, with the block below it.
            yield self._text.index(":", key.end) + 1, value.end, ""
            yield self._block_after(value.end, new, key.column + self._step)

    def _start_on_line(self, key: Part, value: Part) -> int:
        """Where a value begins; directly after the colon if that is not on the line of the key."""
        colon = self._text.index(":", key.end)
        return colon + 1 if "\n" in self._text[colon : value.start] else value.start

    def _removal(self, key: Part, value: Part) -> tuple[int, int, str]:
        return self._line_start(key.start), self._after_line(value.end), ""

    def _addition(self, part: Part, added: Mapping[str, Any]) -> tuple[int, int, str]:
        inner = ", ".join(f"{_flow(name)}: {_flow(each)}" for name, each in added.items())
        if not part.entries:
            return part.start, part.end, f"{{{inner}}}"
        last = part.entries[-1][1].end
        if part.is_flow:
            return last, last, f", {inner}"
        return self._block_after(last, added, part.entries[0][0].column)

    def _block_after(
        self, offset: int, value: Mapping[str, Any], column: int
    ) -> tuple[int, int, str]:
        place = self._after_line(offset)
        lines = "".join(f"{line}{self._newline}" for line in self._lines(value, column))
        if place and self._text[place - 1] != "\n":
            lines = f"{self._newline}{lines}"
        return place, place, lines

    def _lines(self, value: Mapping[str, Any], column: int) -> Iterator[str]:
        for name, each in value.items():
            if isinstance(each, dict) and each and not _is_long_form(each):
                yield f"{' ' * column}{_flow(name)}:"
                yield from self._lines(each, column + self._step)
            else:
                yield f"{' ' * column}{_flow(name)}: {_flow(each)}"

    def _line_start(self, offset: int) -> int:
        return self._text.rfind("\n", 0, offset) + 1

    def _after_line(self, offset: int) -> int:
        if offset and self._text[offset - 1] == "\n":  # of a text in block style
            offset = len(self._text[:offset].rstrip())
        end = self._text.find("\n", offset)
        return len(self._text) if end < 0 else end + 1


def _is_added(
    name: str, own: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any]
) -> bool:
    """Whether a key has to be written; one that a merge key brings does not, while it is equal."""
    return name not in own and (name not in old or old[name] != new[name])


def _applied(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    parts, done = [], 0
    for start, end, new in sorted(edits, key=lambda each: each[0]):
        parts += [text[done:start], new]
        done = max(done, end)
    return "".join([*parts, text[done:]])


def _is_long_form(value: Any) -> bool:
    return "field" in value and not any(isinstance(each, dict) for each in value.values())


def _flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_flow(name)}: {_flow(each)}' for name, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if not isinstance(value, str):
        return json.dumps(value, default=str)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS and value[0] != "*":
        return value
    return json.dumps(value, ensure_ascii=not value.isprintable())


def _yaml() -> ModuleType:
    try:
        import ruamel.yaml
    except ImportError:
        raise SettingsError(
            "YAML files are read with ruamel.yaml, which is not installed. Run: "
            "pip install 'target-salesforce-bulk[map]'"
        ) from None
    return ruamel.yaml


def texts(text: str) -> Any:
    """What a YAML text says, with every value as the text that is written there."""
    return _yaml().YAML(typ="base", pure=True).load(text)


def _load(text: str, name: str) -> dict[str, Any]:
    yaml = _yaml()
    try:
        found = yaml.YAML(typ="safe", pure=True).load(text)
    except (yaml.error.YAMLError, ValueError, RecursionError) as error:
        raise InputError(
            f"{plain_text(name)} cannot be read{_place(text, error)}: {_problem(error)}. "
            "Correct the file."
        ) from None
    if found is None:
        found = {}
    if not isinstance(found, dict):
        raise InputError(
            f"{plain_text(name)} is not a YAML mapping. Write the settings as <name>: <value>."
        )
    return found


def _place(text: str, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    position = getattr(error, "position", None)
    if mark is not None:
        return f", line {mark.line + 1}"
    return f", line {text.count(chr(10), 0, position) + 1}" if isinstance(position, int) else ""


def _problem(error: Exception) -> str:
    """What is wrong, without the values that the parser repeats."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    found = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is not YAML"
    return plain_text(re.sub(r" with value .*", "", str(found), flags=re.DOTALL))


def _steps(part: Part) -> Iterator[int]:
    """By how much the mappings within mappings are indented."""
    for key, value in part.entries:
        if value.is_mapping and not value.is_flow and value.entries:
            yield value.entries[0][0].column - key.column
        yield from _steps(value)
    for item in part.items:
        yield from _steps(item)


def _value_at(value: Any, path: Sequence[str | int]) -> Any:
    for each in path:
        value = value[each]
    return value


def _replaced(value: Any, path: Sequence[str | int], new: Any) -> Any:
    if not path:
        return new
    first, *rest = path
    copy = value.copy()
    copy[first] = _replaced(value[first], rest, new)
    return copy


class _Builder:
    """Makes the parts of the events that the parser of ruamel.yaml finds in a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        yaml = _yaml()
        self._kinds = yaml.events
        self._events = yaml.YAML(typ="safe", pure=True).parse(text)
        self.root = Part(start=0, end=len(text), column=0)
        for event in self._events:
            if isinstance(event, self._kinds.DocumentStartEvent):
                self.root = self._part(next(self._events))
                break

    def _part(self, event: Any) -> Part:
        if isinstance(event, self._kinds.MappingStartEvent):
            return self._mapping(event)
        if isinstance(event, self._kinds.SequenceStartEvent):
            return self._sequence(event)
        return Part(
            start=event.start_mark.index,
            end=event.end_mark.index,
            column=event.start_mark.column,
            name=getattr(event, "value", ""),
            is_alias=isinstance(event, self._kinds.AliasEvent),
        )

    def _mapping(self, start: Any) -> Part:
        entries = []
        while not isinstance(event := next(self._events), self._kinds.MappingEndEvent):
            key = self._part(event)
            entries.append((key, self._value(key, self._part(next(self._events)))))
        return Part(
            start=start.start_mark.index,
            end=self._end(start, event, [value for _, value in entries]),
            column=start.start_mark.column,
            is_flow=bool(start.flow_style),
            is_mapping=True,
            entries=tuple(entries),
        )

    def _value(self, key: Part, value: Part) -> Part:
        """A value; the parser finds one that is not there at the next token."""
        if value.start != value.end or value.is_mapping or value.items:
            return value
        end = self._text.find(":", key.end) + 1 or key.end
        return Part(start=end, end=end, column=value.column)

    def _sequence(self, start: Any) -> Part:
        items = []
        while not isinstance(event := next(self._events), self._kinds.SequenceEndEvent):
            items.append(self._part(event))
        return Part(
            start=start.start_mark.index,
            end=self._end(start, event, items),
            column=start.start_mark.column,
            is_flow=bool(start.flow_style),
            items=tuple(items),
        )

    @staticmethod
    def _end(start: Any, end: Any, values: Sequence[Part]) -> int:
        if start.flow_style or not values:
            return int(end.end_mark.index)
        return values[-1].end
