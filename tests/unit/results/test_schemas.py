"""Each column says what it means, in a type that every target knows."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.results import schemas

KEYS = {"RUNS": {"run", "changed_at"}, "JOBS": {"id", "changed_at"}, "ROWS": {"id", "sequence"}}


@pytest.mark.parametrize("name", KEYS)
def test_columns(name: str) -> None:
    """Only the keys are never null."""
    schema: dict[str, Any] = getattr(schemas, name)
    columns = schema["properties"]
    described = {name for name, each in columns.items() if each["description"].endswith(".")}
    never_null = {name for name, each in columns.items() if "null" not in each["type"]}

    assert described == set(columns)
    assert never_null == KEYS[name] == set(schema["required"])


def test_the_keys_differ_in_type_alone() -> None:
    """Making one column required changes no other."""
    assert schemas.ROWS["properties"]["key"]["type"] == ["string", "null"]
    assert schemas.JOBS["properties"]["changed_at"]["format"] == "date-time"
