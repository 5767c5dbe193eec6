"""How the org reads cells and prints values."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.emulator.org.schema import FieldSchema
from target_salesforce_bulk.emulator.org.values import (
    BadValueError,
    java_double,
    long_id,
    reader,
)

PICKLIST = {"label": "Tier", "restrictedPicklist": True, "picklistValues": ["Gold", "Silver"]}

READ: list[tuple[str, dict[str, Any], str, tuple[Any, str]]] = [
    ("string", {}, " Ada ", (" Ada ", " Ada ")),
    ("string", {"length": 3}, "Ada", ("Ada", "Ada")),
    ("boolean", {}, "TRUE", (True, "true")),
    ("boolean", {}, "0", (False, "false")),
    ("int", {}, "+007", (7, "7")),
    ("double", {}, "912260031", (912260031.0, "9.12260031E8")),
    ("currency", {}, "1.50", (1.5, "1.5")),
    ("date", {}, "2024-02-29", ("2024-02-29", "2024-02-29")),
    (
        "datetime",
        {},
        "2024-01-01T01:00:00.1239+02:00",
        ("2023-12-31T23:00:00.123Z", "2023-12-31T23:00:00.123Z"),
    ),
    (
        "datetime",
        {},
        "2024-01-01T01:00:00",
        ("2024-01-01T01:00:00.000Z", "2024-01-01T01:00:00.000Z"),
    ),
    ("id", {}, "0015g00000AbCdE", ("0015g00000AbCdEAAV", "0015g00000AbCdEAAV")),
    ("email", {}, "ada@example.com", ("ada@example.com", "ada@example.com")),
    ("picklist", PICKLIST, "gold", ("gold", "gold")),
    ("multipicklist", PICKLIST, "Gold;Silver", ("Gold;Silver", "Gold;Silver")),
    ("picklist", {"picklistValues": ["Gold"]}, "Wood", ("Wood", "Wood")),
]

REJECTED: list[tuple[str, dict[str, Any], str, tuple[str, str]]] = [
    (
        "string",
        {"length": 2, "label": "Name"},
        "Ada",
        ("STRING_TOO_LONG", "Name: data value too large: Ada (max length=2)"),
    ),
    (
        "boolean",
        {},
        "yes",
        ("INVALID_FIELD", "'yes' is not a valid value for the type xsd:boolean"),
    ),
    ("int", {}, "1.0", ("INVALID_TYPE_ON_FIELD_IN_RECORD", "value not of required type: 1.0")),
    ("double", {}, "NaN", ("INVALID_FIELD", "'NaN' is not a valid value for the type xsd:double")),
    ("double", {}, "1,5", ("INVALID_FIELD", "'1,5' is not a valid value for the type xsd:double")),
    (
        "date",
        {},
        "2023-02-29",
        ("INVALID_FIELD", "'2023-02-29' is not a valid value for the type xsd:date"),
    ),
    (
        "datetime",
        {},
        "2024-01-01 01:00:00",
        ("INVALID_FIELD", "'2024-01-01 01:00:00' is not a valid value for the type xsd:dateTime"),
    ),
    ("id", {}, "001", ("MALFORMED_ID", "id value of incorrect type: 001")),
    (
        "id",
        {},
        "0015g00000AbCdEAAA",
        ("MALFORMED_ID", "id value of incorrect type: 0015g00000AbCdEAAA"),
    ),
    ("email", {}, "ada", ("INVALID_EMAIL_ADDRESS", "Email: invalid email address: ada")),
    (
        "multipicklist",
        PICKLIST,
        "Gold;Wood",
        (
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Tier: bad value for restricted picklist field: Wood",
        ),
    ),
]


def field(kind: str, facts: dict[str, Any]) -> FieldSchema:
    return FieldSchema({"name": "F__c", "type": kind, **facts})


@pytest.mark.parametrize(("kind", "facts", "cell", "value"), READ)
def test_a_valid_cell(kind: str, facts: dict[str, Any], cell: str, value: tuple[Any, str]) -> None:
    """It becomes a stored value and the text of a result file."""
    assert reader(field(kind, facts))(cell) == value


@pytest.mark.parametrize(("kind", "facts", "cell", "error"), REJECTED)
def test_an_invalid_cell(
    kind: str, facts: dict[str, Any], cell: str, error: tuple[str, str]
) -> None:
    """It is rejected with Salesforce's code and message."""
    with pytest.raises(BadValueError) as caught:
        reader(field(kind, facts))(cell)

    assert (caught.value.code, caught.value.message) == error


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (9999999.0, "9999999.0"),
        (10000000.0, "1.0E7"),
        (-912260031.0, "-9.12260031E8"),
    ],
)
def test_a_number_is_printed_as_java_does(value: float, text: str) -> None:
    """With an exponent below 0.001 and from ten million on."""
    assert java_double(value) == text


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("001000000000001", "001000000000001AAA"),
        ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555"),
        ("0015g00000AbCdE", "0015g00000AbCdEAAV"),
    ],
)
def test_the_checksum_of_an_id(short: str, long: str) -> None:
    """Three characters say which of the fifteen are upper case."""
    assert long_id(short) == long
