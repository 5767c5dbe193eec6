"""What the page is told of a stream."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.editor.stream import SampledStream, declared_types


@pytest.mark.parametrize(
    ("declared", "types"),
    [
        ({"type": ["null", "string"]}, ["string"]),
        ({"type": "string", "format": "date-time"}, ["date-time"]),
        ({"anyOf": [{"type": "integer"}, {"type": ["null", "string"]}]}, ["integer", "string"]),
        ({}, []),
    ],
)
def test_the_types(declared: dict[str, object], types: list[str]) -> None:
    """Without null; a format says more than that it is a text."""
    assert declared_types(declared) == types


def test_columns_with_values() -> None:
    """The first two different ones, shortened; those of a nested path too."""
    stream = SampledStream(
        name="people",
        properties={"a": {"type": "string"}, "b": {"type": "object"}},
        records=tuple(
            {"a": each, "b": {"c": place}}
            for place, each in enumerate(["x", None, "", "x", "y" * 99, "z"])
        ),
    )

    assert stream.as_json(["b.c"]) == {
        "name": "people",
        "keys": [],
        "records": 6,
        "columns": [
            {"name": "a", "type": "string", "values": ["x", f"{'y' * 59}…"]},
            {"name": "b", "type": "object", "values": ['{"c":0}', '{"c":1}']},
            {"name": "b.c", "type": "", "values": ["0", "1"]},
        ],
    }


def test_the_values_of_a_few_records() -> None:
    """Suggestions need no more; a property that a record lacks has no value there."""
    stream = SampledStream(name="a", properties={"b": {}}, records=({"b": 1}, {}, {"b": 2}))

    assert stream.values(2) == {"b": [1]}
