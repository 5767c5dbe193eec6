"""Arrow data encoded column by column gives the same bytes as row by row, for any values."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from row_fields import FIELDS

from target_salesforce_bulk.mapping.field_map import Column, FieldMap
from target_salesforce_bulk.rows import arrow_values
from target_salesforce_bulk.rows.arrow_rows import ArrowRows
from target_salesforce_bulk.rows.encoder import RowEncoder, RowOptions, RowRefused
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.sobject import Field

LETTERS = st.one_of(
    st.sampled_from(
        ["", "#N/A", "New", "won", 'a "b"', "a@b.c", "a\x07", "a\r\nb", "\t", "7", "x" * 11]
    ),
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12),
)
WHOLE = st.one_of(st.integers(-99999, 99999), st.integers(-(2**63), 2**63 - 1))
MOMENTS = st.datetimes(datetime(1600, 1, 1), datetime(4100, 1, 1))
#: What a column may be, and what is in it.
KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "string": (pa.string(), LETTERS),
    "large_string": (pa.large_string(), LETTERS),
    "string_view": (pa.string_view(), LETTERS),
    "dictionary": (pa.dictionary(pa.int32(), pa.string()), LETTERS),
    "bool": (pa.bool_(), st.booleans()),
    "int16": (pa.int16(), st.integers(-999, 9999)),
    "int64": (pa.int64(), WHOLE),
    "uint8": (pa.uint8(), st.integers(0, 255)),
    "float32": (pa.float32(), st.floats(width=32)),
    "float64": (pa.float64(), st.one_of(st.floats(), st.sampled_from([1.0, 1e16, 1e-7, 0.1]))),
    "decimal128": (
        pa.decimal128(38, 4),
        st.one_of(st.decimals(-9999, 9999, places=4), st.decimals(-(10**30), 10**30, places=4)),
    ),
    "small decimal": (pa.decimal128(20, 18), st.decimals(-1, 1, places=18)),
    "decimal256": (pa.decimal256(60, 2), st.decimals(-99, 99, places=2)),
    "date32": (pa.date32(), st.dates(date(1600, 1, 1), date(4100, 1, 1))),
    "date64": (pa.date64(), st.dates(date(1900, 1, 1), date(2100, 1, 1))),
    "timestamp s": (pa.timestamp("s"), MOMENTS.map(lambda each: each.replace(microsecond=0))),
    "timestamp us": (pa.timestamp("us"), MOMENTS),
    "timestamp UTC": (
        pa.timestamp("us", "UTC"),
        MOMENTS.map(lambda each: each.replace(tzinfo=UTC)),
    ),
    "timestamp zone": (
        pa.timestamp("ms", "+05:30"),
        MOMENTS.map(lambda each: each.replace(microsecond=0, tzinfo=UTC)),
    ),
    # Far beyond what Python or Salesforce knows.
    "any date32": (pa.date32(), st.integers(-(2**31), 2**31 - 1)),
    "any date64": (pa.date64(), st.integers(-(2**36), 2**36).map(lambda day: day * 86_400_000)),
    "any timestamp s": (pa.timestamp("s"), st.integers(-(2**63), 2**63 - 1)),
    "any timestamp us": (pa.timestamp("us", "UTC"), st.integers(-(2**63), 2**63 - 1)),
    "any struct": (
        pa.struct([("a", pa.timestamp("s"))]),
        st.fixed_dictionaries({"a": st.integers(-(2**63), 2**63 - 1)}),
    ),
    "any list": (
        pa.list_(pa.date32()),
        st.lists(st.integers(-(2**31), 2**31 - 1), max_size=2),
    ),
    "time64": (pa.time64("us"), st.times()),
    "list": (pa.list_(pa.string()), st.lists(LETTERS, max_size=2)),
    "struct": (pa.struct([("a", pa.string())]), st.fixed_dictionaries({"a": LETTERS})),
    "binary": (pa.binary(), st.binary(max_size=3)),
    "null": (pa.null(), st.none()),
}


class Both:
    """The two ways for one field map with one column, a constant and a nested one."""

    def __init__(
        self, name: str, *, key: bool = False, required: bool = False, **options: Any
    ) -> None:
        field = FIELDS[name]
        if required:
            field = Field(name=field.name, type=field.type, length=10, nillable=False)
        column = Column(header=field.name, field=field, path=("value",))
        columns = (
            column,
            Column(header="Source", field=FIELDS["text"], constant='"our"'),
            Column(header="Deep", field=FIELDS["text"], path=("value", "a")),
            Column(header="Gone", field=FIELDS["text"], path=("gone",)),
        )
        operation = Operation.INSERT if required else Operation.UPSERT
        self.encoder = RowEncoder(
            FieldMap(columns=columns, key=column if key else None), operation, RowOptions(**options)
        )

    def check(self, batch: pa.RecordBatch) -> int:
        """Compare all rows; how many are plain."""
        records = arrow_values.records(batch)
        plain = ArrowRows(self.encoder, deletions=True).rows(batch)
        found: list[bytes | None] = []
        while len(found) < len(records):
            rows, keys, _ = plain.after(len(found))
            if self.encoder.columns[0].is_key:
                assert keys == [
                    self.encoder.columns[0].cell(each["value"])
                    for each in records[len(found) :][: len(rows)]
                ]
            found += [rows.encoded(place, place + 1) for place in range(len(rows))]
            assert rows.encoded(0, len(rows)) == b"".join(found[len(found) - len(rows) :])
            if len(found) < len(records):
                found.append(None)
        assert found == [self._row(record) for record in records]
        return len(records) - found.count(None)

    def _row(self, record: dict[str, Any]) -> bytes | None:
        if record.get("_sdc_deleted_at") is not None:
            return None
        try:
            return self.encoder.encode(record)
        except RowRefused:
            return None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FIELDS)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_the_same_rows(name: str, kind: str, data: st.DataObject) -> None:
    """For any type of column and of field; only refused rows are left out."""
    both = Both(
        name,
        key=data.draw(st.booleans()) and name in {"text", "whole", "number"},
        required=data.draw(st.booleans()) and name in {"text", "email"},
        too_long=data.draw(st.sampled_from(["reject", "truncate"])),
        nulls=data.draw(st.sampled_from(["clear", "ignore"])),
        validate=data.draw(st.booleans()),
    )
    arrow, values = KINDS[kind]
    found = data.draw(st.lists(st.one_of(st.none(), values), max_size=6))
    repeated = found * data.draw(st.sampled_from([1, 4]))
    batch = pa.record_batch({"value": pa.array(repeated, arrow)})
    both.check(batch.slice(data.draw(st.integers(0, 2))))


def test_plain_data_is_written_in_columns() -> None:
    """No row of valid data is left to the encoder."""
    good = {
        "text": pa.array(["a", 'b "c"', None]),
        "email": pa.array(["a@b.c", None, "d@e.f"]),
        "flag": pa.array([True, False, None]),
        "whole": pa.array([1, -22, None]),
        "number": pa.array([Decimal("1.50"), None, Decimal("-2.25")]),
        "money": pa.array([0.1, -3.0, None]),
        "day": pa.array([date(1700, 1, 1), None, date(4000, 12, 31)]),
        "moment": pa.array(
            [datetime(1969, 12, 31, 23, 59, 59, 999_999), None, datetime(2024, 2, 29)]
        ),
        "time": pa.array([time(1, 2, 3, 4000), None, time(0)]),
        "stage": pa.array(["New", "won", None]),
    }
    for name, array in good.items():
        assert Both(name).check(pa.record_batch({"value": array})) == 3


def test_finer_than_a_millisecond_is_cut_before_1970_too() -> None:
    """As Salesforce rounds: towards the past."""
    moments = pa.array([datetime(1969, 12, 31, 23, 59, 59, 999_999)])
    encoder = Both("moment").encoder
    rows, *_ = (
        ArrowRows(encoder, deletions=False).rows(pa.record_batch({"value": moments})).after(0)
    )

    assert rows.encoded(0, 1).startswith(b'"1969-12-31T23:59:59.999Z"')


def test_deleted_records_are_left_to_the_ordinary_way() -> None:
    """They become deletes."""
    batch = pa.record_batch(
        {"value": pa.array(["a", "b", "c"]), "_sdc_deleted_at": pa.array([None, "2024", None])}
    )
    assert Both("text").check(batch) == 2


def test_the_last_of_two_columns_of_one_name() -> None:
    """As in a dictionary."""
    batch = pa.RecordBatch.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["value", "value"])
    rows, *_ = ArrowRows(Both("text").encoder, deletions=False).rows(batch).after(0)

    assert json.loads(rows.encoded(0, 1).split(b",")[0]) == "b"


def test_no_number() -> None:
    """What is not a number is refused, not written as a word."""
    assert (
        Both("number").check(pa.record_batch({"value": pa.array([math.nan, math.inf, 1.5])})) == 1
    )


@pytest.mark.parametrize(
    "array",
    [
        pa.array([10_957, 10_000_000, None, -(2**31)], pa.date32()),
        pa.array([0, 2**62, None, -(2**62)], pa.timestamp("s")),
        pa.array([0, 2**63 - 1, None, -(2**63)], pa.timestamp("ms", "UTC")),
        # `pc.year` takes this for a year that Salesforce has.
        pa.array([0, 543_839_214_065_431_612, None, 2**61], pa.timestamp("s")),
    ],
    ids=lambda array: str(array.type),
)
@pytest.mark.parametrize("name", ["day", "moment", "area", "time", "whole"])
def test_a_date_beyond_all_years_costs_its_row(name: str, array: pa.Array) -> None:
    """And no other: the two in range or null are encoded."""
    kept = 1 if name in {"time", "whole"} else 2

    assert Both(name).check(pa.record_batch({"value": array})) == kept


def test_deleted_records_that_are_loaded_are_counted() -> None:
    """Once each, whether encoded by column or by row, except refused ones."""
    marks = pa.array([datetime(2024, 1, 1), None, datetime(2024, 1, 2), None])
    names = pa.array(["a", "b", "\x07", "c"])
    batch = pa.record_batch({"value": names, "_sdc_deleted_at": marks})
    encoder = Both("text").encoder
    ArrowRows(encoder, deletions=False).rows(batch)
    with pytest.raises(RowRefused):
        encoder.encode(arrow_values.records(batch)[2])

    assert encoder.deleted_rows == 1
