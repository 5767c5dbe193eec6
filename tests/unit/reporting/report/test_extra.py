"""The libraries of the extra `report`."""

from __future__ import annotations

import json
import sys

import pytest

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.reporting.report.extra import needed


def test_a_module_that_is_there() -> None:
    """It is imported."""
    assert needed("json") is json


def test_a_module_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names it and the extra."""
    monkeypatch.setitem(sys.modules, "pygal", None)

    with pytest.raises(SettingsError, match=r"needs pygal: install target-salesforce-bulk\[report"):
        needed("pygal")


def test_how_modules_are_found_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing pygal would add a finder of an old kind, of which Python warns at each import."""
    monkeypatch.delitem(sys.modules, "pygal", raising=False)
    before = sys.meta_path[:]
    needed("pygal")

    assert sys.meta_path == before
