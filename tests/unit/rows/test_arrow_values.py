"""Arrow values become Python values, also where Python cannot represent them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from target_salesforce_bulk.rows.arrow_values import Unreadable, python_values, records

#: Days since 1970 of a year beyond 9999.
FAR = 10_000_000
DAY = date(1970, 1, 2)


def plain(value: Any) -> Any:
    """A value in which unreadable parts are replaced by their text."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return f"<{value}>" if isinstance(value, Unreadable) else value


def dates(*days: int | None) -> pa.Array:
    return pa.array(days, pa.int32()).cast(pa.date32())


def test_one_value_out_of_range_leaves_the_others() -> None:
    """Nulls stay nulls, and only what Python cannot represent is unreadable."""
    assert plain(python_values(dates(1, FAR, None))) == [DAY, "<a date32[day] out of range>", None]


def test_within_structs() -> None:
    """Field by field, at any depth; a null struct is null."""
    inner = pa.StructArray.from_arrays([dates(1, FAR, 1), pa.array([1, 2, 3])], ["day", "n"])
    outer = pa.StructArray.from_arrays([inner], ["in"], mask=pa.array([False, False, True]))

    assert plain(python_values(outer)) == [
        {"in": {"day": DAY, "n": 1}},
        {"in": {"day": "<a date32[day] out of range>", "n": 2}},
        None,
    ]


def test_a_list_with_one_such_value_is_unreadable() -> None:
    """The other lists are read."""
    lists = pa.ListArray.from_arrays([0, 1, 2], dates(1, FAR))

    first, second = plain(python_values(lists))
    assert (first, str(second).startswith("<a list<")) == ([DAY], True)


def test_a_zone_that_python_does_not_know() -> None:
    """It makes values unreadable, not the file."""
    moments = pa.array([0, None], pa.timestamp("us", tz="Mars/Olympus"))

    first, second = python_values(moments)
    assert (isinstance(first, Unreadable), second) == (True, None)


def test_rows_of_a_batch() -> None:
    """Each row by the names of its columns; if two share a name, the last one counts."""
    batch = pa.RecordBatch.from_arrays(
        [pa.array([1, 2]), pa.array(["a", None]), pa.array([3, 4])], names=["n", "t", "n"]
    )

    assert records(batch) == [{"n": 3, "t": "a"}, {"n": 4, "t": None}]


def test_rows_without_columns() -> None:
    """They are still rows."""
    batch = pa.RecordBatch.from_struct_array(pa.array([{}, {}], pa.struct([])))

    assert records(batch) == [{}, {}]
