"""Values that Salesforce prints differently are still equal."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from target_salesforce_bulk.emulator.org.values import java_double
from target_salesforce_bulk.rows.canonical import canonical, canonical_echo, canonical_key
from target_salesforce_bulk.salesforce.sobject import Field

if TYPE_CHECKING:
    from collections.abc import Callable

SAME = [
    ("double", "912260031", "9.12260031E8"),
    ("double", "1.50", "1.5"),
    ("double", "0", "0.0"),
    ("double", "-0", "0.0"),
    ("currency", "100", "100.0"),
    ("boolean", "TRUE", "true"),
    ("double", " 1.5 ", "15e-1"),
    ("double", "-.50", "-0.5"),
    ("datetime", "2024-03-11T11:00:47Z", "2024-03-11T11:00:47.000Z"),
    ("datetime", "2024-03-11T11:00:47.000+02:00", "2024-03-11T09:00:47.000Z"),
    ("datetime", "2024-03-11T11:00:47.000Z", "2024-03-11T11:00:47.000+0000"),
    ("time", "11:00:47.500Z", "11:00:47.5"),
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
        ("string", "a", " a"),
        ("string", "007", "7"),
        ("double", "1_0", "10"),
        ("datetime", "2024-03-11T11:00:47.123Z", "2024-03-11T11:00:47.000Z"),
        ("time", "11:00:47.123Z", "11:00:47.000Z"),
        ("datetime", "2024-03-11T11:00:47Z", "2024-03-11T11:00:48Z"),
    ],
)
def test_different_values(field_type: str, one: str, other: str) -> None:
    """Different values never compare as equal."""
    same = canonical(Field(name="F", type=field_type))

    assert same(one) != same(other)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_java(value: float) -> None:
    """Any number, in plain notation and in Java's."""
    same = canonical(Field(name="F", type="double"))

    assert same(format(Decimal(repr(value)), "f")) == same(java_double(value))


TYPES = ["int", "double", "boolean", "date", "datetime", "time", "id", "string"]


def forms(field_type: str) -> list[Callable[[str], str]]:
    """Every form of a field's cells."""
    field = Field(name="F", type=field_type)
    return [
        form for form in (canonical(field), canonical_key(field), canonical_echo(field)) if form
    ]


@given(st.text())
@example("\ud800")
@example("0000-01-01T00:00:00Z")
@example("10000-12-31T23:59:59Z")
@example("0001-01-01T00:00:00+14:00")
@example("9999-12-31T23:59:59-14:00")
@pytest.mark.parametrize("field_type", TYPES)
def test_it_is_total(field_type: str, text: str) -> None:
    """Text that is not a value of the type stays as it is; nothing raises."""
    assert [type(form(text)) for form in forms(field_type)] == [str] * len(forms(field_type))


@pytest.mark.parametrize("field_type", TYPES)
@pytest.mark.parametrize("cell", ["1e9999999", "1e999999999999", "-1e-9999999", "9" * 5000])
def test_a_form_is_not_longer_than_its_cell(field_type: str, cell: str) -> None:
    """A number is never written out, so that a short cell cannot cost minutes."""
    assert [len(form(cell)) <= len(cell) + 5 for form in forms(field_type)] == [True] * len(
        forms(field_type)
    )


def test_an_echo_of_a_text_may_lack_blanks_at_its_ends() -> None:
    """Salesforce strips them when it saves; within the text they stay."""
    echo = canonical_echo(Field(name="F", type="string"))

    assert echo is not None
    assert echo(" \t a  b\r\n") == echo("a  b")
    assert echo("a") != echo("A")


@pytest.mark.parametrize("field_type", ["int", "double", "currency", "datetime", "time"])
def test_an_echo_of_a_number_or_time_says_nothing_for_sure(field_type: str) -> None:
    """It may come back rounded or truncated."""
    assert canonical_echo(Field(name="F", type=field_type)) is None


def test_keys_compare_as_salesforce_compares_them() -> None:
    """Ignoring case, unless the field is case-sensitive; numbers by value."""
    plain = canonical_key(Field(name="F", type="string"))
    exact = canonical_key(Field(name="F", type="string", case_sensitive=True))
    number = canonical_key(Field(name="F", type="double"))

    assert plain("ÉMILE") == plain("émile")
    assert plain(" a\t") == plain("A\r\n")
    assert exact(" a ") == exact("a")
    assert plain("007") != plain("7")
    assert plain("a\u00a0") != plain("a")  # no blank that Salesforce removes
    assert plain("Straße") != plain("STRASSE")  # rather two rows than one lost
    assert exact("a") != exact("A")
    assert number("1.0") == number("1")
