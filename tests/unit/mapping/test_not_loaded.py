"""One line says which properties are not loaded."""

from __future__ import annotations

from target_salesforce_bulk.mapping.field_map import FieldMap, Unmapped
from target_salesforce_bulk.mapping.not_loaded import not_loaded


def line(*unmapped: tuple[str, str]) -> str:
    return not_loaded(
        FieldMap(columns=(), unmapped=tuple(Unmapped(property=p, reason=r) for p, r in unmapped))
    )


def test_one_property() -> None:
    """Its name and the reason."""
    assert line(("zip", "no such field")) == "1 property is not loaded. zip: no such field."


def test_properties_of_several_reasons() -> None:
    """Those of one reason stand together."""
    assert line(("a", "x"), ("b", "y"), ("c", "x")) == (
        "3 properties are not loaded. a, c: x; b: y."
    )


def test_hundreds_of_properties() -> None:
    """Ten are named, and the others are counted."""
    many = [(f"p{number}", "x" if number < 8 else "y") for number in range(200)]

    assert line(*many, ("last", "z")) == (
        "201 properties are not loaded. p0, p1, p2, p3, p4, p5, p6, p7: x; p8, p9: y. "
        "And 191 others; check names all."
    )


def test_a_hostile_name() -> None:
    """It stays within the line."""
    assert line(("a\nb", "x\x1b[2J")) == "1 property is not loaded. a\\nb: x\\x1b[2J."
