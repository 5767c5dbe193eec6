"""What values and declared types say."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.mapping.suggest.values import Profile


def profile(*samples: Any, **schema: Any) -> Profile:
    return Profile.of(schema or {"type": ["null", "string"]}, samples)


@pytest.mark.parametrize(
    ("shape", "value", "other"),
    [
        ("email", "a@b.example", "a at b"),
        ("phone", "+44 (20) 7946-0810", "2024-01-31"),
        ("url", "www.a.example/b", "no address"),
        ("date", "31/12/2024", "03/14"),
        ("number", "1,200.5", "11-50"),
        ("hash", "9e107d9d372bb6826bd81d3542a419d6", "Ines"),
        ("salesforce_id", "0015e0000cJcPsMAAV", "Thistlewood Ltd"),
    ],
)
def test_shapes(shape: str, value: str, other: str) -> None:
    """Most values must have it: one wrong among three does no harm."""
    assert profile(value, value, other).is_like(shape)
    assert profile(value, other, other).contradicts(shape)
    assert (profile().is_like(shape), profile().contradicts(shape)) == (False, False)


def test_the_type_may_be_in_a_branch() -> None:
    """Taps write a nullable date as anyOf."""
    found = profile(anyOf=[{"type": "string", "format": "date-time"}, {"type": "null"}])

    assert (found.types, found.format, found.is_date) == (frozenset({"string"}), "date-time", True)


def test_kinds() -> None:
    """Yes and no may be text; nested values are seen by the type."""
    assert profile("Y", "N", "Y").is_boolean
    assert not profile(0, 1, 4, type="integer").is_boolean
    assert profile(type=["null", "array"]).is_nested
    assert profile(type=["integer", "null"]).is_number


def test_id_prefix() -> None:
    """One object's Ids have one prefix; those of several objects none."""
    assert profile("0015e0000cJcPsMAAV", "001Dn0000Vbxj5hIQA").id_prefix() == "001"
    assert profile("0015e0000cJcPsMAAV", "003Dn0000Vbxj5hIQA").id_prefix() is None
    assert profile("Ines").id_prefix() is None


def test_overlap() -> None:
    """The share that is in a picklist, ignoring case."""
    assert profile("hot", "Odd").overlap(["Hot", "Cold"]) == 0.5
    assert profile().overlap(["Hot"]) == 0.0
