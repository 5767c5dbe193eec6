"""The library of the page is the one that is pinned."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

TOOL = Path(__file__).parent.parent.parent / "tools" / "vendor.py"


def test_the_files_are_those_that_are_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is missing, added or changed; npm is not needed to see that."""
    spec = importlib.util.spec_from_file_location("vendor", TOOL)
    assert spec is not None
    assert spec.loader is not None
    vendor = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "vendor", vendor)  # its dataclass looks itself up there
    spec.loader.exec_module(vendor)

    files = {each.name: vendor.digest(each.read_bytes()) for each in vendor.VENDOR.iterdir()}

    assert files == vendor.HASHES
