"""Values that Salesforce prints in another way are still the same."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_salesforce_bulk.emulator.org.values import java_double
from target_salesforce_bulk.rows.canonical import canonical, canonical_key
from target_salesforce_bulk.salesforce.sobject import Field

SAME = [
    ("double", "912260031", "9.12260031E8"),
    ("double", "1.50", "1.5"),
    ("double", "0", "0.0"),
    ("double", "-0", "0.0"),
    ("currency", "100", "100.0"),
    ("boolean", "TRUE", "true"),
    ("datetime", "2024-03-11T11:00:47.123Z", "2024-03-11T11:00:47.000Z"),
    ("datetime", "2024-03-11T11:00:47.000+02:00", "2024-03-11T09:00:47.000Z"),
    ("datetime", "2024-03-11T11:00:47.000Z", "2024-03-11T11:00:47.000+0000"),
    ("time", "11:00:47.000Z", "11:00:47Z"),
    ("id", "001000000000001", "001000000000001AAA"),
    ("string", "#N/A", ""),
]


@pytest.mark.parametrize(("field_type", "sent", "echo"), SAME)
def test_the_same_value(field_type: str, sent: str, echo: str) -> None:
    """As sent, and as it comes back."""
    same = canonical(Field(name="F", type=field_type))

    assert same(sent) == same(echo)


@pytest.mark.parametrize(
    ("field_type", "one", "other"),
    [
        ("double", "1.5", "1.50001"),
        ("double", "12345678901234567890123456789.1", "12345678901234567890123456789.2"),
        ("string", "1.0", "1"),
        ("string", "a", "A"),
        ("datetime", "2024-03-11T11:00:47Z", "2024-03-11T11:00:48Z"),
    ],
)
def test_different_values(field_type: str, one: str, other: str) -> None:
    """Nothing is taken for the same that is not."""
    same = canonical(Field(name="F", type=field_type))

    assert same(one) != same(other)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_java(value: float) -> None:
    """Whatever it is, in our plain notation and in Java's."""
    same = canonical(Field(name="F", type="double"))

    assert same(format(Decimal(repr(value)), "f")) == same(java_double(value))


@given(st.text())
def test_it_is_total(text: str) -> None:
    """Text that is no value of the type stands for itself; nothing raises."""
    for field_type in ("double", "boolean", "datetime", "time", "id", "string"):
        assert isinstance(canonical(Field(name="F", type=field_type))(text), str)


def test_keys_compare_as_salesforce_compares_them() -> None:
    """Without regard to case, unless the field says otherwise; numbers by value."""
    plain = canonical_key(Field(name="F", type="string"))
    exact = canonical_key(Field(name="F", type="string", case_sensitive=True))
    number = canonical_key(Field(name="F", type="double"))

    assert plain("ÉMILE") == plain("émile")
    assert plain("Straße") != plain("STRASSE")  # rather two rows than one lost
    assert exact("a") != exact("A")
    assert number("1.0") == number("1")
