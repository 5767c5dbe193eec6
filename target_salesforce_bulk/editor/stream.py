"""A stream as the page knows it: its columns, and sample records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.rows.encoder import MISSING, look_up
from target_salesforce_bulk.rows.values import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Values of a column that the page shows, and the characters of one.
_SHOWN_VALUES, _LONGEST_VALUE = 2, 60


@dataclass(frozen=True, kw_only=True)
class SampledStream:
    """A stream and what is known of its rows.

    Attributes:
        name: Its name.
        properties: The properties of its schema, by name.
        key_properties: The names of its key properties.
        records: Sample records; they may lack properties.
    """

    name: str
    properties: Mapping[str, Any]
    key_properties: tuple[str, ...] = ()
    records: tuple[Mapping[str, Any], ...] = ()

    def values(self, most: int) -> dict[str, list[Any]]:
        """The values of each property in the first records, at most so many."""
        records = self.records[:most]
        return {
            name: [record[name] for record in records if name in record] for name in self.properties
        }

    def as_json(self, names: Iterable[str]) -> dict[str, Any]:
        """As the page reads it: columns, each with its type and some values.

        Args:
            names: The columns; besides properties, paths into nested ones.
        """
        return {
            "name": self.name,
            "keys": list(self.key_properties),
            "records": len(self.records),
            "columns": [
                {"name": name, "type": self._type(name), "values": self._shown(name)}
                for name in {**dict.fromkeys(self.properties), **dict.fromkeys(names)}
            ],
        }

    def _type(self, column: str) -> str:
        return " or ".join(declared_types(self.properties.get(column, {})))

    def _shown(self, column: str) -> list[str]:
        """The first different values of a column, shortened."""
        path = (column,) if column in self.properties else tuple(column.split("."))
        found: dict[str, None] = {}
        for record in self.records:
            value = look_up(record, path)
            if value is not None and value is not MISSING and value != "":
                found[_shortened(value)] = None
            if len(found) == _SHOWN_VALUES:
                break
        return list(found)


def declared_types(declared: Mapping[str, Any]) -> list[str]:
    """The types of a property, without null; a format stands for the text that has it."""
    branches = [declared, *declared.get("anyOf", ()), *declared.get("oneOf", ())]
    return list(
        dict.fromkeys(
            str(each.get("format") if kind == "string" and each.get("format") else kind)
            for each in branches
            for kind in _as_list(each.get("type"))
            if kind != "null"
        )
    )


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _shortened(value: Any) -> str:
    text = literal(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
