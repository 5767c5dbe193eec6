"""Which cells are refused before they are sent, with Salesforce's code, and which pass."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.rows.checks import checks_for, cut
from target_salesforce_bulk.rows.values import ValueRefusedError
from target_salesforce_bulk.salesforce.sobject import Field

ID = "0015g00000XyZaBAAV"
STAGES = {"restricted_picklist": True, "picklist_values": ("New", "Won")}
ROCKET_WOMAN = "👩‍🚀"


def checked(cell: str, field_type: str, *, truncate: bool = False, **facts: Any) -> str:
    """The cell to send, or the code of its refusal."""
    field = Field(name="F", type=field_type, **facts)
    try:
        for check in checks_for(field, truncate=truncate):
            cell = check(cell)
    except ValueRefusedError as refused:
        return refused.code
    return cell


@pytest.mark.parametrize(
    ("field_type", "facts", "good", "bad", "code"),
    [
        ("string", {"length": 3}, "abc", "abcd", "STRING_TOO_LONG"),
        ("string", {"length": 3}, "👍👍👍", "👍👍👍👍", "STRING_TOO_LONG"),
        ("email", {"length": 7}, "a@b.com", "ab@b.com", "STRING_TOO_LONG"),
        ("email", {}, "a@b.com", "a@b", "INVALID_EMAIL_ADDRESS"),
        ("email", {}, "a.b@c.d.com", "a b@c.com", "INVALID_EMAIL_ADDRESS"),
        ("email", {}, "a@b.c", "a@b@c.com", "INVALID_EMAIL_ADDRESS"),
        ("email", {}, "a@b.co", "a@b.co c", "INVALID_EMAIL_ADDRESS"),
        ("id", {}, ID, ID[:17], "MALFORMED_ID"),
        ("reference", {}, ID[:15], f"{ID[:17]}A", "MALFORMED_ID"),
        ("reference", {}, ID, "not an id at all", "MALFORMED_ID"),
        ("int", {"digits": 3}, "-999", "1000", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("int", {"digits": 3}, "000999", "-1000", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("double", {"precision": 5, "scale": 2}, "123.4567", "1234", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("currency", {"precision": 5, "scale": 2}, "0.1", "9999.1", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("percent", {"precision": 2, "scale": 2}, "0.99", "1", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("picklist", STAGES, "won", "Lost", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        (
            "multipicklist",
            STAGES,
            "won;New",
            "New;Lost",
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        ),
    ],
)
def test_a_cell_at_its_bound_passes_and_one_beyond_is_refused(
    field_type: str, facts: dict[str, Any], good: str, bad: str, code: str
) -> None:
    """A cell that passes is sent as it is."""
    assert (checked(good, field_type, **facts), checked(bad, field_type, **facts)) == (good, code)


@pytest.mark.parametrize(
    ("field_type", "facts"),
    [
        ("string", {}),  # describe tells no length
        ("int", {}),
        ("double", {}),
        ("picklist", {"picklist_values": ("New",)}),  # takes other values, too
        ("picklist", {"restricted_picklist": True}),  # describe tells no value
        ("boolean", {"length": 1}),
    ],
)
def test_what_describe_does_not_bound_is_not_checked(
    field_type: str, facts: dict[str, Any]
) -> None:
    """Salesforce decides."""
    assert checked("12345678901234567890", field_type, **facts) == "12345678901234567890"


def test_an_id_is_refused_for_its_check_letters_alone() -> None:
    """Whichever of the three is wrong; they depend on case."""
    wrong = [f"{ID[:15]}BAV", f"{ID[:15]}ABV", f"{ID[:15]}AAA", f"{ID[:14]}b{ID[15:]}"]

    assert [checked(each, "id") for each in wrong] == ["MALFORMED_ID"] * 4


def test_a_refusal_says_what_is_wrong() -> None:
    """The lengths, not the text."""
    (check,) = checks_for(Field(name="F", type="string", length=3), truncate=False)

    with pytest.raises(ValueRefusedError) as refused:
        check("four")
    assert refused.value.reason == "data value too large: 4 characters (max length=3)"


@pytest.mark.parametrize(
    ("text", "units", "left"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("a👍b", 3, "a👍"),
        ("a👍b", 2, "a"),
        ("ab\u0301", 2, "a"),
        (f"ab{ROCKET_WOMAN}", 6, "ab"),
        (f"ab{ROCKET_WOMAN}", 7, f"ab{ROCKET_WOMAN}"),
        ("a👍🏽", 3, "a"),
        (ROCKET_WOMAN, 2, "👩"),
        ("e\u0301\u0302", 2, "e\u0301"),
    ],
)
def test_a_text_is_cut_between_characters(text: str, units: int, left: str) -> None:
    """In UTF-16 code units; a visible character stays whole, unless it alone is too long."""
    assert cut(text, units) == left


def test_a_text_is_cut_only_where_that_is_wanted() -> None:
    """Then no text is refused for its length."""
    assert checked("abcd", "string", truncate=True, length=3) == "abc"
    assert checked("a@bc.com", "email", truncate=True, length=4) == "INVALID_EMAIL_ADDRESS"
