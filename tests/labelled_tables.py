"""Invented tables in the styles of CRM exports and warehouses, with the field of each column.

The vocabulary was written with `labels/exports.txt` and `labels/developed.txt` in sight.
`labels/holdout.txt` was kept apart until then, to tell what can be expected of other tables: do
not add words for one of its tables.

A line is `column | JSON type or format | field, or - for none | values`. After the field, further
ones that would do as well follow a `?`. A table is headed by its name, its object (and others that
it may be taken for; its columns are labelled for the first) and the columns that may be its key.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LABELS = Path(__file__).with_name("labels")


@dataclass(frozen=True)
class LabelledColumn:
    """A column with the fields that are right, and those that would do."""

    name: str
    schema: dict[str, Any]
    right: frozenset[str]
    will_do: frozenset[str]
    samples: list[Any]


@dataclass(frozen=True)
class LabelledTable:
    """A table with its object, others it may be taken for, and the columns that may be its key."""

    name: str
    object: str
    also: frozenset[str]
    keys: frozenset[str]
    columns: list[LabelledColumn]

    @property
    def message(self) -> dict[str, Any]:
        """Its SCHEMA message."""
        properties = {each.name: each.schema for each in self.columns}
        return {"stream": self.name, "schema": {"type": "object", "properties": properties}}

    @property
    def samples(self) -> dict[str, list[Any]]:
        """Its values by column."""
        return {each.name: each.samples for each in self.columns}


def labelled_tables(*names: str) -> list[LabelledTable]:
    """The tables of some files of `labels/`."""
    texts = [(_LABELS / f"{each}.txt").read_text(encoding="utf-8") for each in names]
    return [_table(each) for text in texts for each in f"\n{text}".split("\n# ")[1:]]


def _table(text: str) -> LabelledTable:
    head, *lines = text.strip().splitlines()
    name, objects, keys = (each.strip() for each in head.split("|"))
    sobject, *also = objects.split(",")
    columns = [*map(_column, filter(None, lines))]
    return LabelledTable(name, sobject, frozenset(also), frozenset(keys.split(", ")), columns)


def _column(line: str) -> LabelledColumn:
    name, kind, label, values = (each.strip() for each in f"{line} ".split("|", 3))
    right, _, will_do = label.partition("?")
    return LabelledColumn(
        name,
        _schema(kind),
        frozenset(right.split()) - {"-"},
        frozenset(will_do.split()),
        [_value(kind, each) for each in values.split(", ") if each],
    )


def _schema(kind: str) -> dict[str, Any]:
    if kind in {"date", "date-time"}:
        return {"type": ["null", "string"], "format": kind}
    return {"type": ["null", kind]}


def _value(kind: str, text: str) -> Any:
    casts = {"integer": int, "number": float, "boolean": lambda each: each == "true"}
    return casts.get(kind, str)(text)
