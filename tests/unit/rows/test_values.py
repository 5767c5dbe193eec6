"""Each value and describe type gives a cell or a refusal."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from target_salesforce_bulk.mapping.field_map import Column, FieldMap
from target_salesforce_bulk.rows.encoder import RowEncoder, RowOptions, RowRefused
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.sobject import Field

DIGITS_38 = "12345678901234567890123456789012345.678"

#: Properties of a field that its type does not determine.
FACTS: dict[str, dict[str, Any]] = {
    "string": {"length": 20},
    "textarea": {"length": 131072},
    "email": {"length": 80},
    "picklist": {"restricted_picklist": True, "picklist_values": ("Gold", "Silver")},
    "multipicklist": {"restricted_picklist": True, "picklist_values": ("Books", "Music")},
    "int": {"digits": 8},
    "currency": {"precision": 18, "scale": 2},
}


def encoder(field_type: str, operation: Operation = Operation.UPSERT, **options: Any) -> RowEncoder:
    field = Field(name="F", type=field_type, **FACTS.get(field_type, {}))
    column = Column(header="F", field=field, path=("f",))
    return RowEncoder(FieldMap(columns=(column,)), operation, RowOptions(**options))


def cell(field_type: str, value: Any, **options: Any) -> str:
    return encoder(field_type, **options).cells({"f": value})[0]


WRITTEN: list[tuple[str, Any, str]] = [
    # Text is what it is; other values as JSON writes them.
    ("string", "  kept  ", "  kept  "),
    ("string", 'He said "hi"', 'He said "hi"'),
    ("string", "a\r\nb\rc\nd", "a\nb\nc\nd"),
    ("string", "a\u2028b\u2029c", "a\u2028b\u2029c"),
    ("string", "tab\there", "tab\there"),
    ("string", "表 👩‍🚀", "表 👩‍🚀"),
    ("string", "\u202eright to left", "\u202eright to left"),
    ("string", "\ufeffBOM", "\ufeffBOM"),
    ("string", 12, "12"),
    ("string", 12345678901234567890, "12345678901234567890"),
    ("string", Decimal("1.10"), "1.10"),
    ("string", Decimal("1E+3"), "1000"),
    ("string", True, "true"),
    ("string", ["a", 1], '["a",1]'),
    ("textarea", {"a": {"b": None}}, '{"a":{"b":null}}'),
    ("textarea", {"ä": Decimal("1.5")}, '{"ä":1.5}'),
    # Numbers within JSON keep their digits, whatever stands around them.
    ("textarea", {"n": Decimal(DIGITS_38)}, f'{{"n":{DIGITS_38}}}'),
    ("textarea", [Decimal("1.10"), Decimal("1E-7"), 2**70], f"[1.10,0.0000001,{2**70}]"),
    ("textarea", [True, False, None, 'a "b"\n'], '[true,false,null,"a \\"b\\"\\n"]'),
    ("textarea", [date(2024, 3, 11), time(11)], '["2024-03-11","11:00:00"]'),
    ("textarea", {}, "{}"),
    ("textarea", {"a": []}, '{"a":[]}'),
    ("textarea", "0" * 5000, "0" * 5000),
    ("textarea", 10**399, f"{10**399}"),
    ("phone", "+41 31 123", "+41 31 123"),
    ("phone", 41311234567, "41311234567"),
    ("url", "https://x.example/?a=b", "https://x.example/?a=b"),
    ("email", "ada@example.com", "ada@example.com"),
    ("combobox", "anything", "anything"),
    # Picklists.
    ("picklist", "Gold", "Gold"),
    ("picklist", "gold", "gold"),
    ("multipicklist", ["Books", "Music"], "Books;Music"),
    ("multipicklist", "Books;Music", "Books;Music"),
    # A null or an empty text is no member; an array without members clears the field.
    ("multipicklist", ["Books", None], "Books"),
    ("multipicklist", [None, "Books", "", "Music"], "Books;Music"),
    ("multipicklist", [], "#N/A"),
    ("multipicklist", [None], "#N/A"),
    ("multipicklist", ["", ""], "#N/A"),
    # Booleans.
    ("boolean", True, "true"),
    ("boolean", False, "false"),
    ("boolean", 1, "true"),
    ("boolean", 0, "false"),
    ("boolean", Decimal("1.0"), "true"),
    ("boolean", "Yes", "true"),
    ("boolean", "off", "false"),
    ("boolean", "TRUE", "true"),
    # Numbers, never through a float.
    ("int", 250, "250"),
    ("int", Decimal("250.0"), "250"),
    ("int", "250", "250"),
    ("int", "250.00", "250"),
    ("int", -7, "-7"),
    ("long", 9007199254740993, "9007199254740993"),
    ("double", Decimal("0.1"), "0.1"),
    ("double", Decimal(DIGITS_38), DIGITS_38),
    ("double", DIGITS_38, DIGITS_38),
    ("double", 12345678901234567890, "12345678901234567890"),
    ("double", Decimal("1E-7"), "0.0000001"),
    ("double", 0.1, "0.1"),
    ("double", Decimal("-0.0"), "-0.0"),
    ("currency", "1234.50", "1234.50"),
    ("percent", 12, "12"),
    # Dates and times.
    ("date", "2024-03-11", "2024-03-11"),
    ("date", "20240311", "2024-03-11"),
    ("date", "2024-03-11T23:30:00-05:00", "2024-03-11"),
    ("date", date(2024, 3, 11), "2024-03-11"),
    ("date", "1700-01-01", "1700-01-01"),
    ("date", "4000-12-31", "4000-12-31"),
    ("datetime", "2024-03-11T11:00:47Z", "2024-03-11T11:00:47.000Z"),
    ("datetime", "2024-03-11T11:00:47.123456+02:00", "2024-03-11T09:00:47.123Z"),
    ("datetime", "2024-03-11 11:00:47", "2024-03-11T11:00:47.000Z"),
    ("datetime", "2024-03-11", "2024-03-11T00:00:00.000Z"),
    ("datetime", datetime(2024, 3, 11, 11, tzinfo=UTC), "2024-03-11T11:00:00.000Z"),
    ("datetime", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
    ("time", "11:00:47", "11:00:47.000Z"),
    ("time", "11:00:47.5Z", "11:00:47.500Z"),
    ("time", "11:00", "11:00:00.000Z"),
    ("time", time(11, 0, 47), "11:00:47.000Z"),
    # Ids.
    ("id", "0035g00000AbCdE", "0035g00000AbCdE"),
    ("reference", "001000000000001AAA", "001000000000001AAA"),
]


@pytest.mark.parametrize(("field_type", "value", "expected"), WRITTEN)
def test_a_value_and_its_cell(field_type: str, value: Any, expected: str) -> None:
    """Each value gives the expected cell."""
    assert cell(field_type, value) == expected


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


REFUSED: list[tuple[str, Any, str]] = [
    ("string", "nul\x00", "INVALID_FIELD"),
    ("string", "bell\x07", "INVALID_FIELD"),
    ("string", "\ud800", "INVALID_FIELD"),
    ("string", "#N/A", "INVALID_FIELD"),
    ("string", "x" * 21, "STRING_TOO_LONG"),
    ("string", float("nan"), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("textarea", "x" * 131073, "STRING_TOO_LONG"),
    ("email", "nobody", "INVALID_EMAIL_ADDRESS"),
    ("email", "a b@example.com", "INVALID_EMAIL_ADDRESS"),
    ("picklist", "Wood", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
    ("multipicklist", ["Books", "Chess"], "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
    ("multipicklist", ["Books;Music"], "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("boolean", "maybe", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("boolean", 2, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("boolean", [], "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("int", Decimal("2.5"), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("int", "many", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("int", True, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("int", 123456789, "NUMBER_OUTSIDE_VALID_RANGE"),
    ("double", "NaN", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("double", float("inf"), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("double", "1_000", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("double", "1,000", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("double", Decimal("1E+5000"), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    # None of these may take longer than a number does.
    *(
        (field_type, value, "INVALID_TYPE_ON_FIELD_IN_RECORD")
        for field_type in ("int", "long", "double", "currency", "boolean", "string", "textarea")
        for value in (
            Decimal("1E+5000"),
            Decimal("1E+99999999"),
            Decimal("-1E+9999999"),
            Decimal("7" * 5000),
            10**5000,
            [Decimal("1E+99999999")],
            {"a": [10**5000]},
        )
        if field_type in {"string", "textarea"} or not isinstance(value, list | dict)
    ),
    ("int", "1e9999999", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("int", "1e-9999999", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("int", "1e99999999999999999999", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("int", "7" * 5000, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("double", "1e9999999", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    # What is not JSON does not become text.
    ("textarea", [float("nan")], "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("textarea", {"a": float("inf")}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("textarea", {"a": [Decimal("NaN")]}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("textarea", [b"bytes"], "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("textarea", ["\ud800"], "INVALID_FIELD"),
    ("textarea", nested(2000), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("textarea", nested(100_000), "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("multipicklist", [["Books"]], "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("multipicklist", ["Books", {}], "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    # An epoch is no ISO 8601, although its digits may look like it.
    ("datetime", "1712111231230", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("currency", "12345678901234567.00", "NUMBER_OUTSIDE_VALID_RANGE"),
    ("date", "2024-02-30", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("date", "1699-12-31", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("date", "4001-01-01", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("date", "10000-01-01", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("date", 20240311, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("datetime", "2016-12-31T23:59:60Z", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("datetime", "yesterday", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("datetime", "0001-01-01T00:00:00+14:00", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("time", "25:00", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("time", "11:00:60", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("time", "11:00+02:00", "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ("id", "0035g0000", "MALFORMED_ID"),
    ("reference", "001000000000001AAB", "MALFORMED_ID"),
]


@pytest.mark.parametrize(("field_type", "value", "code"), REFUSED, ids=range(len(REFUSED)))
def test_a_value_that_is_refused(field_type: str, value: Any, code: str) -> None:
    """With Salesforce's own code, the field, and a message on one line."""
    with pytest.raises(RowRefused) as refusal:
        cell(field_type, value)

    assert (refusal.value.code, refusal.value.fields) == (code, ("F",))
    assert re.fullmatch(r"F: .{3,200}", refusal.value.message)
    assert refusal.value.message.isprintable()


@pytest.mark.parametrize(("field_type", "value", "code"), REFUSED, ids=range(len(REFUSED)))
def test_a_refused_row_can_be_stored(field_type: str, value: Any, code: str) -> None:
    """Every value has a text that a file can hold."""
    described = encoder(field_type).describe({"f": value})

    assert described["F"].encode()
    assert len(described["F"]) < 200_000


MISSING = object()


@pytest.mark.parametrize(
    ("value", "options", "upsert", "insert"),
    [
        (None, {}, "#N/A", ""),
        ("", {}, "#N/A", ""),
        (MISSING, {}, "", ""),
        (None, {"nulls": "ignore"}, "", ""),
        ("", {"empty_strings": "ignore"}, "", ""),
        ("", {"nulls": "ignore"}, "#N/A", ""),
        (MISSING, {"nulls": "ignore"}, "", ""),
    ],
)
def test_null_empty_and_missing(
    value: Any, options: dict[str, Any], upsert: str, insert: str
) -> None:
    """Three different things; on insert there is nothing to clear."""
    record = {} if value is MISSING else {"f": value}

    assert encoder("string", **options).cells(record) == [upsert]
    assert encoder("string", Operation.INSERT, **options).cells(record) == [insert]


def test_too_long_is_cut_where_asked() -> None:
    """By characters, not bytes."""
    assert cell("string", "表" * 30, too_long="truncate") == "表" * 20


@pytest.mark.parametrize(
    ("value", "cut"),
    [
        # Whether Salesforce counts characters or UTF-16 code units, it fits.
        ("👩" * 20, "👩" * 10),
        ("x" * 19 + "👩", "x" * 19),
        ("x" * 18 + "👩", "x" * 18 + "👩"),
        ("x" * 20, "x" * 20),
        # No character loses what belongs to it.
        ("x" * 19 + "e\u0301" + "y", "x" * 19),
        ("x" * 15 + "👩\u200d🚀" + "y", "x" * 15 + "👩\u200d🚀"),
        ("x" * 16 + "👩\u200d🚀" + "y", "x" * 16),
        ("x" * 17 + "👍🏽", "x" * 17),
        ("e" + "\u0301" * 30, "e" + "\u0301" * 19),
    ],
)
def test_where_a_text_is_cut(value: str, cut: str) -> None:
    """Between visible characters, unless one alone is too long."""
    assert cell("string", value, too_long="truncate") == cut


def test_a_text_that_becomes_the_mark_that_clears_by_being_cut_is_refused() -> None:
    """It would clear its field."""
    field = Field(name="F", type="string", length=4)
    column = Column(header="F", field=field, path=("f",))
    options = RowOptions(too_long="truncate")
    made = RowEncoder(FieldMap(columns=(column,)), Operation.UPSERT, options)

    assert made.cells({"f": "#N/B and more"}) == ["#N/B"]
    with pytest.raises(RowRefused, match="#N/A"):
        made.cells({"f": "#N/A and more"})


@pytest.mark.parametrize(
    ("facts", "is_key"),
    [
        ({"field": Field(name="Key__c", type="string", length=5, external_id=True)}, True),
        ({"field": Field(name="Key__c", type="string", length=5)}, True),
        ({"field": Field(name="Key__c", type="string", length=5, external_id=True)}, False),
        (
            {
                "field": Field(name="Code", type="string", length=5),
                "reference": Field(name="AccountId", type="reference"),
                "parent": "Account",
            },
            False,
        ),
    ],
    ids=["key", "key that is no external ID", "external ID", "key of a parent"],
)
def test_a_key_is_never_cut(facts: dict[str, Any], *, is_key: bool) -> None:
    """It would identify another record."""
    column = Column(header="Key", path=("f",), too_long="truncate", **facts)
    field_map = FieldMap(columns=(column,), key=column if is_key else None)
    made = RowEncoder(field_map, Operation.UPSERT, RowOptions(too_long="truncate"))

    assert made.cells({"f": "12345"}) == ["12345"]
    with pytest.raises(RowRefused) as refusal:
        made.cells({"f": "123456"})
    assert refusal.value.code == "STRING_TOO_LONG"


def test_without_checks_salesforce_decides() -> None:
    """Only values that cannot be written at all are still refused."""
    assert cell("email", "nobody", validate=False) == "nobody"
    with pytest.raises(RowRefused):
        cell("int", "many", validate=False)


def test_required_fields_of_an_insert() -> None:
    """All that are missing are named at once."""
    fields = [Field(name=name, type="string", nillable=False) for name in ("A", "B", "C")]
    columns = tuple(Column(header=f.name, field=f, path=(f.name,)) for f in fields)
    made = RowEncoder(FieldMap(columns=columns), Operation.INSERT, RowOptions())

    with pytest.raises(RowRefused) as refusal:
        made.cells({"A": "x", "B": None})
    assert (refusal.value.code, refusal.value.fields) == ("REQUIRED_FIELD_MISSING", ("B", "C"))
