"""Typing errors are forgiven."""

from __future__ import annotations

import sys

import pytest

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.mapping.suggest.similar import most_similar


def test_one_letter() -> None:
    """Another word or another number is no typing error."""
    assert most_similar("annualrevnue", ["annualrevenue", "revenue"]) == "annualrevenue"
    assert most_similar("annualcosts", ["annualrevenue"]) is None
    assert most_similar("addressline3", ["addressline1"]) is None


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says what to install."""
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)

    with pytest.raises(SettingsError) as caught:
        most_similar("annualrevnue", ["annualrevenue"])
    assert str(caught.value) == (
        "To suggest a mapping, the extra map is needed: pip install 'target-salesforce-bulk[map]'."
    )
