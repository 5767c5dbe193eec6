"""The function generated for a stream gives the same rows as the encoder.

The function may leave any record to the encoder, but what it writes must be the same bytes.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from row_fields import FIELDS
from singer_sdk.singerlib.json import deserialize_json

from target_salesforce_bulk.mapping.field_map import Column, FieldMap
from target_salesforce_bulk.rows import json_rows
from target_salesforce_bulk.rows.encoder import RowEncoder, RowOptions, RowRefused
from target_salesforce_bulk.rows.json_rows import JsonRows, TextHazards
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.sobject import Field

TEXT_ONLY = {"type": ["string", "null"]}


class Both:
    """The two ways for one field map."""

    def __init__(
        self, names: list[str], schema: Any = None, operation: Any = None, **options: Any
    ) -> None:
        columns = [
            Column(header=FIELDS[name].name, field=FIELDS[name], path=(name,)) for name in names
        ]
        columns.append(Column(header="Source", field=FIELDS["text"], constant='"our" own'))
        columns.append(Column(header="Deep", field=FIELDS["text"], path=("nested", "a", "b")))
        key = next((column for column in columns if column.header == "Key__c"), None)
        field_map = FieldMap(columns=tuple(columns), key=key)
        self.encoder = RowEncoder(field_map, operation or Operation.UPSERT, RowOptions(**options))
        properties = dict.fromkeys(names, schema or {})
        self.json_rows = JsonRows("S", self.encoder, properties, deletions=True)

    def of_function(self, line: bytes) -> bytes | None:
        """The row that the function makes; None if it leaves the message to the encoder."""
        try:
            messages = self.json_rows.message.decode_lines(line)
        except ValueError:  # of which UnicodeDecodeError and msgspec's own are kinds
            return None
        rows, keys, _ = self.json_rows.rows(
            iter(messages), of="message", hazards=TextHazards.of(line)
        )
        assert len(keys) == len(rows) * any(cell.is_key for cell in self.encoder.columns)
        return rows.encoded(0, 1) if rows else None

    def of_encoder(self, line: bytes) -> bytes | None:
        """The row that the encoder makes; None if it refuses."""
        try:
            return self.encoder.encode(deserialize_json(line.decode())["record"])
        except RowRefused:
            return None


def message(record: dict[str, Any], *, ascii_only: bool = False) -> bytes:
    told = {"type": "RECORD", "stream": "S", "record": record}
    return json.dumps(told, ensure_ascii=ascii_only).encode(errors="surrogatepass")


ONE_EACH = {name: Both([name]) for name in FIELDS}
ONE_EACH_TEXT = {name: Both([name], schema=TEXT_ONLY) for name in FIELDS}

#: Values that the function must not leave to the encoder, or it would be no faster.
PLAIN: list[tuple[str, str]] = [
    ("key", '"K-1"'),
    ("text", '"Zoë"'),
    ("text", '"Zo\\u00eb"'),
    ("text", '"a \\"b\\""'),
    ("text", '"a\\nb\\tc"'),
    ("text", "null"),
    ("text", '""'),
    ("text", "12"),
    ("text", "1.50"),
    ("text", '{"a": "b"}'),
    ("email", '"ada@example.com"'),
    ("flag", "true"),
    ("flag", "false"),
    ("flag", '"yes"'),
    ("whole", "12"),
    ("whole", '"12"'),
    ("number", "12.50"),
    ("number", "-7"),
    ("money", "0.1"),
    ("day", '"2024-02-29"'),
    ("day", '"2024-02-29T10:00:00Z"'),
    ("moment", '"2024-02-29T10:00:00Z"'),
    ("moment", '"2024-02-29T10:00:00"'),
    ("moment", '"2024-02-29T10:00:00.123456+00:00"'),
    ("moment", '"2024-02-29T10:00:00+02:00"'),
    ("moment", '"2024-02-29"'),
    ("time", '"10:00:00"'),
    ("stage", '"won"'),
    ("hobbies", '["a", "b"]'),
    ("parent", '"003000000000001"'),
]


@pytest.mark.parametrize(("name", "value"), PLAIN)
def test_a_plain_value_is_written_by_the_function(name: str, value: str) -> None:
    """In the same bytes as by the encoder."""
    line = f'{{"type": "RECORD", "stream": "S", "record": {{"{name}": {value}}}}}'.encode()
    both = ONE_EACH[name]

    assert both.of_function(line) == both.of_encoder(line) is not None


#: Near the edge between a value and none, by hand; JSON as a tap may write it.
AWKWARD = [
    *("1e5", "1E400", "1e-400", "-0", "-0.0", "0.0000001", "1e-7", "9999", "10000", "-9999"),
    *("9999.99", "10000.00", "0.999999999", "12345678901234567890123456789012345678.5"),
    *("999999999999999999", "1000000000000000000", "true", "[]", "{}", '[1.50, "a"]', "0.10"),
    *('" 12 "', '"1_000"', '"NaN"', '"Infinity"', '"1e3"', '"12.5"', '"0"', '"TRUE"', '"٣"'),
    *('"2024-W01-1"', '"20240101"', '"2024-02-30"', '"1699-12-31"', '"4001-01-01"', '"4000-12-31"'),
    *('"2024-01-01 10:00:00"', '"2024-01-01T10:00Z"', '"2024-01-01T10:00:60Z"', '"2024-01-01T10"'),
    *('"2024-W01-1T00:00:00Z"', '"2024-01-01T000000.0Z"', '"20240101T000000.000Z"'),
    *('"2024-01-01T24:00:00Z"', '"2024-01-01T10:00:00.9999999Z"', '"2024-01-01T10:00:00,5Z"'),
    *('"2024-01-01T10:00:00z"', '"2024-01-01T10:00:00 Z"', '"2024-01-01T10:00:00-00:00"'),
    *('"1699-12-31T23:59:59Z"', '"4000-12-31T23:59:59-01:00"', '"0001-01-01T00:00:00+10:00"'),
    *('"2024-01-01T10:00:00+00:00"', '"2024-01-01T10:00:00.1Z"', '"2024-01-01T10:00:00.12"'),
    *('"#N/A"', '"#N\\/A"', '"\\u0023N/A"', '"#n/a"', '"\\u0000"', '"\\u001f"', '"\\u007f"'),
    *('"a\\r\\nb"', '"\\b"', '"\\f"', '"\\\\b"', '"\\ud83d\\ude00"', '"\\ud800"', '"\u2028"'),
    *('"a@b.c"', '"a@b"', '"a@b."', '"@b.c"', '"a@.b"', '"a@b@c.d"', '"a @b.c"', '"a\u00a0@b.c"'),
    *(
        '"a@b..c"',
        '"a@b.c\\n"',
        '"ten chars."',
        '"eleven char"',
        '"ten \\"quot\\""',
        '"; ;"',
        '"x;y"',
    ),
    *('"0030000000000012"', '"003000000000001AAA"', '"003000000000001AAB"', '"' + "x" * 21 + '"'),
    *('"003000000000001\\n"', '"New"', '"Lost"', '"10:00"', '"25:00:00"', '"10:00:00+01:00"'),
]


@pytest.mark.parametrize("name", FIELDS)
def test_an_awkward_value_is_written_alike_or_left(name: str) -> None:
    """Whatever type the schema gives the property."""
    for value in AWKWARD:
        line = f'{{"type": "RECORD", "stream": "S", "record": {{"{name}": {value}}}}}'.encode()
        for both in (ONE_EACH[name], ONE_EACH_TEXT[name]):
            written = both.of_function(line)
            assert written is None or written == both.of_encoder(line), value


TEXTS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from('",;\r\n\t \u2028\u0085\x1f\x00#N/A@.\\表👩‍🚀0123456789-:TZ'),
    ),
    max_size=12,
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
    st.dates().map(str),
    st.datetimes(timezones=st.sampled_from([None])).map(lambda moment: moment.isoformat()),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.emails(),
    st.lists(TEXTS, max_size=2),
    st.dictionaries(TEXTS, TEXTS, max_size=2),
)
RECORDS = st.dictionaries(st.sampled_from([*FIELDS, "nested", "_sdc_deleted_at"]), VALUES)
ALL = [
    Both(list(FIELDS)),
    Both(list(FIELDS), schema=TEXT_ONLY),
    Both(list(FIELDS), nulls="ignore", empty_strings="ignore", too_long="truncate"),
    Both([name for name in FIELDS if name != "key"], operation=Operation.INSERT, validate=False),
]


@settings(deadline=None, max_examples=400)
@given(record=RECORDS, ascii_only=st.booleans())
@example(record={"key": "k", "nested": {"a": {"b": 'deep "x"'}}}, ascii_only=False)
@example(record={"key": 'k"', "text": '"'}, ascii_only=True)
@example(record={"key": "k", "_sdc_deleted_at": ""}, ascii_only=False)
def test_any_record_is_written_alike_or_left(record: dict[str, Any], *, ascii_only: bool) -> None:
    """One that is marked as deleted is always left."""
    line = message(record, ascii_only=ascii_only)

    for both in ALL:
        written = both.of_function(line)
        assert written is None or written == both.of_encoder(line)
        assert written is None or record.get("_sdc_deleted_at") is None


def test_a_row_stops_before_what_is_not_plain() -> None:
    """And goes on after it, from the same iterator."""
    both = ONE_EACH["email"]
    lines = b"\n".join(message({"email": each}) for each in ("a@b.c", "none", "d@e.f"))
    messages = iter(both.json_rows.message.decode_lines(lines))

    first, *_ = both.json_rows.rows(messages, of="message", hazards=TextHazards.NONE)
    second, *_ = both.json_rows.rows(messages, of="message", hazards=TextHazards.NONE)

    assert [len(first), len(second)] == [1, 1]
    assert b"a@b.c" in first.encoded(0, 1)
    assert b"d@e.f" in second.encoded(0, 1)


def test_required_fields() -> None:
    """On insert, a row without one is left."""
    name = Field(name="Name", type="string", nillable=False, createable=True)
    field_map = FieldMap(columns=(Column(header="Name", field=name, path=("name",)),))
    encoder = RowEncoder(field_map, Operation.INSERT, RowOptions())
    json_rows = JsonRows("S", encoder, {}, deletions=False)
    lines = b"\n".join(message(each) for each in ({"name": "a"}, {"name": None}))

    rows, *_ = json_rows.rows(
        iter(json_rows.message.decode_lines(lines)), of="message", hazards=TextHazards.NONE
    )

    assert name.required_on_insert
    assert rows.encoded(0, len(rows)) == b'"a"\n'


HOSTILE = "0: __import__('os').abort() #"


class Hostile(int):
    """A number whose text is code."""

    def __str__(self) -> str:
        return HOSTILE

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return HOSTILE


@pytest.mark.parametrize("too_long", ["reject", "truncate"])
def test_nothing_from_outside_is_in_the_code(
    monkeypatch: pytest.MonkeyPatch, too_long: str
) -> None:
    """Neither names nor values: the code refers to them by names of its own."""
    sources: list[str] = []

    def compiled(source: str, *rest: Any) -> Any:
        sources.append(source)
        return compile(source, *rest)

    monkeypatch.setattr(json_rows, "compile", compiled, raising=False)
    facts: dict[str, Any] = {
        "string": {"length": Hostile(10)},
        "email": {"length": Hostile(20)},
        "int": {"digits": Hostile(4)},
        "double": {"precision": Hostile(6), "scale": Hostile(2)},
        "picklist": {"restricted_picklist": True, "picklist_values": (HOSTILE,)},
        "date": {},
        "datetime": {},
        "boolean": {},
    }
    columns = [
        Column(
            header=f"{HOSTILE}{kind}",
            field=Field(name=HOSTILE, type=kind, **each),
            path=(f"{HOSTILE}{kind}", HOSTILE)[: 1 + (kind == "boolean")],
        )
        for kind, each in facts.items()
    ]
    columns.append(Column(header="C", field=columns[0].field, constant=HOSTILE))
    encoder = RowEncoder(
        FieldMap(columns=tuple(columns), key=columns[0]),
        Operation.UPSERT,
        RowOptions(too_long=too_long),
    )
    made = JsonRows(HOSTILE, encoder, {}, deletions=True)
    for hazards in TextHazards:
        made.rows(iter([]), of="message", hazards=hazards)

    assert len(sources) == 3
    assert not [source for source in sources if "import" in source or "abort" in source]
