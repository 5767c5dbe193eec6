"""Which values a field can take."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.mapping.suggest.types import evidence, fits
from target_salesforce_bulk.mapping.suggest.values import Profile
from target_salesforce_bulk.salesforce.sobject import Field


def field(kind: str, name: str = "X", picklist: tuple[str, ...] = ()) -> Field:
    return Field(name=name, type=kind, picklist_values=picklist)


def profile(*samples: Any, kind: str = "string", form: str | None = None) -> Profile:
    return Profile.of({"type": kind, "format": form}, samples)


@pytest.mark.parametrize(
    ("kind", "values", "others"),
    [
        ("boolean", profile(kind="boolean"), profile("maybe")),
        ("date", profile("2024-01-31"), profile("03/14")),
        ("datetime", profile(form="date-time"), profile(1736586082, kind="integer")),
        ("currency", profile("12.5"), profile("11-50")),
        ("email", profile("a@b.example"), profile("html")),
        ("phone", profile("+44 20 7946 0810"), profile(kind="boolean")),
        ("picklist", profile("New"), profile(2, kind="integer")),
        ("string", profile("Ines"), profile(form="date-time")),
        ("string", profile("Ines"), profile(4711, kind="integer")),
        ("string", profile("Ines"), profile("0003")),
        ("reference", profile("0015e0000cJcPsMAAV"), profile("4711")),
    ],
)
def test_fits(kind: str, values: Profile, others: Profile) -> None:
    """By the declared type, and by what values there are."""
    assert (fits(field(kind), values), fits(field(kind), others)) == (True, False)


def test_digits_may_be_text() -> None:
    """A postal code is often declared as a number."""
    assert fits(field("string", "PostalCode"), profile(34117, kind="integer"))


def test_evidence() -> None:
    """In words, and only where values say something."""
    assert evidence(field("email"), profile("a@b.example")) == "values look like an email"
    assert evidence(field("date"), profile("2024-01-31")) == "values are dates"
    assert evidence(field("picklist", picklist=("Hot",)), profile("hot")) == (
        "values are in the picklist"
    )
    assert evidence(field("string"), profile("Ines")) is None
