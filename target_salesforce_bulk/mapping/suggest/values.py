"""What the values and the declared type of a column say about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

#: Share of the values that must have a shape: a few in real tables are wrong.
_MOST = 0.6

_SHAPES = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "phone": re.compile(r"(?!\d{4}-\d\d-\d\d)(?=(?:\D*\d){5})[+(]?[\d\s().+/x-]{5,30}(?:ext.*)?"),
    "url": re.compile(r"(?:https?://)?[\w-]+(?:\.[\w-]+)+(?:[/?#:]\S*)?"),
    "endpoint": re.compile(r"https?://\S*(?:/api\b|\.json\b|/v\d+/|\d{5})\S*"),
    "date": re.compile(
        r"\d{4}-\d\d-\d\d(?:[T ].*)?|[0-3]?\d[/.][0-3]?\d[/.](?:19|20)\d\d(?: .*)?"
        r"|\d{4}/\d\d/\d\d|(?:19|20)\d{6}"
    ),
    "number": re.compile(r"[+-]?[\d,. ]*\d%?"),
    "boolean": re.compile(r"(?i)true|false|[yntf01jsox]|yes|no"),
    "hash": re.compile(r"(?i)[0-9a-f]{24,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "salesforce_id": re.compile(r"(?=.{3}\w*\d)[a-zA-Z0-9]{15}(?:[A-Z0-5]{3})?"),
}


@dataclass(frozen=True)
class Profile:
    """A column's declared type and its sample values.

    Attributes:
        types: JSON types of its schema, without null.
        format: The schema's format, such as `date-time`; empty without one.
        samples: Values as text, without nulls and empty texts.
    """

    types: frozenset[str] = frozenset()
    format: str = ""
    samples: tuple[str, ...] = ()

    @classmethod
    def of(cls, schema: Mapping[str, Any], samples: Iterable[Any]) -> Profile:
        """Read a property of a JSON schema, and values of it."""
        branches = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
        declared = {kind for each in branches for kind in _as_list(each.get("type"))} - {"null"}
        form = next((each["format"] for each in branches if each.get("format")), "")
        texts = (str(each).strip() for each in samples if each is not None)
        return cls(frozenset(declared), str(form), tuple(each for each in texts if each))

    def is_like(self, shape: str) -> bool:
        """Whether most values have a shape; False without values."""
        return bool(self.samples) and self._share(shape) >= _MOST

    def contradicts(self, shape: str) -> bool:
        """Whether there are values, and too few of them have a shape."""
        return bool(self.samples) and self._share(shape) < _MOST

    def _share(self, shape: str) -> float:
        pattern = _SHAPES[shape]
        return sum(bool(pattern.fullmatch(each)) for each in self.samples) / len(self.samples)

    @cached_property
    def is_nested(self) -> bool:
        """Whether values are arrays or objects."""
        return bool(self.types & {"array", "object"})

    @cached_property
    def is_boolean(self) -> bool:
        """Whether it says yes or no, by its type or by its values."""
        only_words = self.is_like("boolean") and len({each.lower() for each in self.samples}) <= 2
        return self.types == {"boolean"} or (only_words and not self.is_number)

    @cached_property
    def is_number(self) -> bool:
        """Whether the schema declares numbers."""
        return bool(self.types) and self.types <= {"integer", "number"}

    @cached_property
    def is_date(self) -> bool:
        """Whether values are dates or times."""
        return self.format in {"date", "date-time"} or (not self.is_number and self.is_like("date"))

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of all values, in lower case."""
        return frozenset(re.findall(r"\w+", " ".join(self.samples).lower()))

    def id_prefix(self) -> str | None:
        """The first three characters, if the values are Salesforce Ids of one object."""
        if not self.is_like("salesforce_id"):
            return None
        found = {each[:3] for each in self.samples if _SHAPES["salesforce_id"].fullmatch(each)}
        return found.pop() if len(found) == 1 else None

    def overlap(self, values: Collection[str]) -> float:
        """The share of the values that are among those of a picklist, ignoring case."""
        if not self.samples:
            return 0.0
        known = {each.lower() for each in values}
        return sum(each.lower() in known for each in self.samples) / len(self.samples)


def _as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())
