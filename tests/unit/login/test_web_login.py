"""What a login needs before it begins, and what it prints when it is done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.errors import SettingsError, StateDirectoryError
from target_salesforce_bulk.login.web_login import log_in, settings_to_set, stored_login
from target_salesforce_bulk.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def settings(tmp_path: Path, **more: Any) -> Settings:
    given = {"client_id": "the-app", "state_dir": str(tmp_path / "state"), **more}
    return Settings.from_config(given)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"client_id": " "}, "client_id is missing or invalid"),
        ({"client_id": "two words"}, "client_id is missing or invalid"),
        ({"client_secret": " "}, "client_secret is empty"),
        ({"login_url": "http://acme.my.salesforce.com"}, "login_url is not encrypted"),
    ],
)
def test_what_is_missing_is_named_first(
    tmp_path: Path, given: dict[str, str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anybody is sent to a browser."""
    with pytest.raises(SettingsError, match=problem):
        log_in(settings(tmp_path, **given), port=0, seconds=0, opens_browser=False)
    assert capsys.readouterr().out == ""


def test_a_state_directory_that_cannot_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is found before anybody is sent to a browser."""
    (tmp_path / "state").touch()

    with pytest.raises(StateDirectoryError):
        log_in(settings(tmp_path), port=0, seconds=0, opens_browser=False)
    assert capsys.readouterr().out == ""


def test_the_stored_login_has_the_name_that_a_run_looks_for(tmp_path: Path) -> None:
    """Whatever else the configuration of the login held."""
    begun = settings(tmp_path, refresh_token="r", access_token="a", instance_url="i", username="u")
    printed = next(each for each in settings_to_set(begun) if each.startswith("{"))

    assert stored_login(begun).login == Settings.from_config(json.loads(printed)).login


def test_what_is_printed_holds_no_secret(tmp_path: Path) -> None:
    """It says which other settings matter."""
    given = {"client_secret": "marked-1", "refresh_token": "marked-2", "access_token": "marked-3"}
    lines = settings_to_set(settings(tmp_path, **given))

    assert "marked" not in "".join(lines)
    assert lines[-3:] == [
        "client_secret was used: set it for runs as well.",
        "Remove access_token from the configuration: with it, another login is used.",
        "Remove refresh_token from the configuration: with it, another login is used.",
    ]
