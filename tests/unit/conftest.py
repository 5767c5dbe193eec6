"""Fixtures of the unit tests."""

from __future__ import annotations

import json
import logging
import signal
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk import redaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_known_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test hides, another may show."""
    monkeypatch.setattr(redaction, "_known", set())
    monkeypatch.setattr(redaction, "_pattern", redaction._pattern_of(()))


@pytest.fixture
def process_state() -> Iterator[None]:
    """Restore what a command changes for the whole process."""
    handlers = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    hook = sys.excepthook
    with warnings.catch_warnings():
        yield
    logging.captureWarnings(capture=False)
    sys.excepthook = hook
    for signum, handler in handlers.items():
        signal.signal(signum, handler)


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """A configuration whose org does not exist."""
    return {
        "access_token": "00D!token",
        "instance_url": "https://nowhere.invalid",
        "state_dir": str(tmp_path / "state"),
    }


@pytest.fixture
def config_file(settings: dict[str, Any], tmp_path: Path) -> str:
    """The same as a file."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(settings))
    return str(path)
