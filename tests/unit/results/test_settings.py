"""The settings of the tap are typed like those of the target."""

from __future__ import annotations

from pathlib import Path

import pytest

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.results.settings import ResultsSettings


def test_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are read as a shell does."""
    monkeypatch.setenv("ROOM", "/somewhere")
    settings = ResultsSettings.from_config({"state_dir": "$ROOM/state", "org": None})

    assert settings == ResultsSettings(state_dir=Path("/somewhere/state"))


def test_no_folder() -> None:
    """An empty path is refused."""
    with pytest.raises(SettingsError, match="state_dir is empty"):
        ResultsSettings.from_config({"state_dir": " "})


def test_the_default_is_that_of_the_target() -> None:
    """A project that sets neither reads what it loads."""
    from target_salesforce_bulk.settings import Settings

    assert ResultsSettings().state_dir == Settings().state_dir
