"""docs/log-codes.md has the codes of the program."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_page_is_up_to_date() -> None:
    """Every code with its meaning and what to do, as `tools/write_log_codes.py` writes them."""
    spec = importlib.util.spec_from_file_location("write", ROOT / "tools" / "write_log_codes.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    text = (ROOT / "docs" / "log-codes.md").read_text(encoding="utf-8")

    assert text == tool.page(text)
