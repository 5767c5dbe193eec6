"""Each setting is used by a test."""

from __future__ import annotations

import re
from pathlib import Path

from target_salesforce_bulk.settings import StreamSettings
from target_salesforce_bulk.target import TargetSalesforceBulk

TESTS = Path(__file__).parent.parent


def test_every_setting_is_named_by_a_test() -> None:
    """Of the top level and of streams, also those that come from the SDK."""
    words = {
        word
        for path in TESTS.rglob("*.py")
        for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))
    }
    settings = {*TargetSalesforceBulk.settings_schema(), *StreamSettings.__dataclass_fields__}

    assert settings - words == set()
