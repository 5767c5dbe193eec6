"""Converts Arrow data to Python values, also where Python cannot represent one."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

#: What pyarrow raises for values such as a date out of Python's range or an unknown time zone.
_NO_VALUE = (ValueError, OverflowError, KeyError)


class Unreadable:
    """Stands for a value that Python cannot represent; no cell can hold it either."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __str__(self) -> str:
        return f"a {self._kind} out of range"


def records(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """The rows of a record batch as records; if columns share a name, the last one counts."""
    if not batch.num_columns:
        return [{} for _ in range(batch.num_rows)]
    names = batch.schema.names
    rows = zip(*map(python_values, batch.columns), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def python_values(array: pa.Array) -> list[Any]:
    """The values of an array; those that Python cannot represent are `Unreadable`."""
    try:
        found: list[Any] = array.to_pylist()
    except _NO_VALUE:
        found = _structs(array) if pa.types.is_struct(array.type) else [_value(v) for v in array]
    return found


def _structs(array: pa.StructArray) -> list[dict[str, Any] | None]:
    names = [field.name for field in array.type]
    rows = zip(*map(python_values, array.flatten()), strict=True)
    return [
        dict(zip(names, row, strict=True)) if valid else None
        for valid, row in zip(array.is_valid().to_pylist(), rows, strict=True)
    ]


def _value(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except _NO_VALUE:
        return Unreadable(str(scalar.type))
