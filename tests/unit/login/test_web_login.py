"""What a login needs before it begins, and what it prints when it is done."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from dotenv import dotenv_values

from target_salesforce_bulk.errors import SettingsError, StateDirectoryError
from target_salesforce_bulk.login.web_login import log_in, settings_to_set, stored_login
from target_salesforce_bulk.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


AT_ONCE: dict[str, Any] = {
    "port": 0,
    "seconds": 0,
    "opens_browser": False,
    "in_keyring": False,
}


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
        log_in(settings(tmp_path, **given), **AT_ONCE)
    assert capsys.readouterr().out == ""


def test_a_state_directory_that_cannot_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is found before anybody is sent to a browser."""
    (tmp_path / "state").touch()

    with pytest.raises(StateDirectoryError):
        log_in(settings(tmp_path), **AT_ONCE)
    assert capsys.readouterr().out == ""


def test_a_keyring_that_cannot_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is found before anybody is sent to a browser."""
    monkeypatch.setitem(sys.modules, "keyring", None)

    with pytest.raises(SettingsError, match="extra keyring"):
        log_in(settings(tmp_path), **(AT_ONCE | {"in_keyring": True}))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "name", ["plain", "it's", "a b", "#no comment", "back\\slash", "$HOME", '"quoted"', "\\'"]
)
def test_the_lines_for_dotenv_are_read_as_they_were(tmp_path: Path, name: str) -> None:
    """Whatever the state directory is called."""
    begun = settings(tmp_path / name)
    lines = [each for each in settings_to_set(begun) if each.startswith("TARGET_SALESFORCE_BULK_")]

    found = dotenv_values(stream=io.StringIO("\n".join(lines)))
    assert found["TARGET_SALESFORCE_BULK_STATE_DIR"] == str(begun.state_dir)


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
