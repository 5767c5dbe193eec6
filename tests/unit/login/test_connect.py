"""The login method follows from the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from key_pairs import private_pem, rsa_key

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.login.connect import connect
from target_salesforce_bulk.redaction import redacted
from target_salesforce_bulk.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

ORG = "https://acme.my.salesforce.com"
APP = {"login_url": ORG, "client_id": "app", "client_secret": "s"}
USER = APP | {"username": " ann@acme.com\n", "password": " pass word ", "security_token": "tok\n"}
KEY = {"client_id": "app", "username": "ann@acme.com"}
TOKEN = {"access_token": "00D!x", "instance_url": ORG}


def connected(tmp_path: Path, **config: Any) -> Any:
    settings = Settings.from_config({"state_dir": str(tmp_path), **config})
    return connect(settings)._authenticator


@pytest.mark.parametrize(
    ("config", "way"),
    [
        (APP, "ClientCredentials"),
        (APP | {"refresh_token": "r"}, "RefreshToken"),
        ({"client_id": "app", "refresh_token": "r"}, "RefreshToken"),
        (APP | TOKEN, "AccessToken"),
        (APP | TOKEN | {"auth_method": "client_credentials"}, "ClientCredentials"),
        (KEY | {"private_key": private_pem()}, "JwtBearer"),
        (USER, "Password"),
        ({"sf_cli_target_org": "dev"}, "SfCli"),
    ],
)
def test_the_way_follows_from_what_is_given(
    tmp_path: Path, config: dict[str, Any], way: str
) -> None:
    """Or from auth_method, if it is set."""
    assert type(connected(tmp_path, **config)).__name__ == way


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "No credentials are set"),
        ({"client_id": "app"}, "No credentials are set"),
        ({"access_token": "00D!x"}, "auth_method access_token needs instance_url"),
        (
            APP | {"auth_method": "refresh_token"},
            "auth_method refresh_token needs refresh_token",
        ),
        (APP | {"login_url": "http://acme.my.salesforce.com"}, "login_url is not encrypted"),
        (TOKEN | {"instance_url": "http://evil.example"}, "instance_url is not encrypted"),
        (TOKEN | {"access_token": "a\nb"}, "access_token contains"),
        (APP | {"client_secret": "a\nb"}, "client_secret contains"),
        (KEY | {"private_key": "x"}, "private_key is not a private key in PEM form"),
        (KEY | {"private_key_path": "/nowhere"}, "private_key_path: /nowhere cannot be read"),
        (APP | {"client_id": "a\nb"}, "client_id contains"),
        (APP | {"refresh_token": "a\nb"}, "refresh_token contains"),
    ],
)
def test_settings_that_make_no_login(tmp_path: Path, config: dict[str, Any], message: str) -> None:
    """The setting is named before anything is sent."""
    with pytest.raises(SettingsError, match=message):
        connected(tmp_path, **config)


def test_a_key_in_a_file(tmp_path: Path) -> None:
    """It is the one that signs, and the user is as given."""
    (tmp_path / "server.key").write_text(private_pem(passphrase="open sesame"))
    way = connected(
        tmp_path,
        **KEY,
        private_key_path=str(tmp_path / "server.key"),
        private_key_passphrase="open sesame",
    )

    assert (way.login_url, way.client_id, way.username) == (
        "https://login.salesforce.com",
        "app",
        "ann@acme.com",
    )
    assert way.key.private_numbers() == rsa_key().private_numbers()


def test_a_password_is_sent_as_it_is(tmp_path: Path) -> None:
    """With the security token at its end; blanks around the others are left out."""
    way = connected(tmp_path, **USER)

    assert (way.username, way.password) == ("ann@acme.com", " pass word tok")
    assert redacted("it was  pass word tok.") == "it was  ***."


def test_blanks_around_what_is_set_are_left_out(tmp_path: Path) -> None:
    """Of secrets and addresses."""
    way = connected(tmp_path, access_token=" 00D!x\n", instance_url=f"{ORG}/ ")

    assert (way.access_token, way.instance_url) == ("00D!x", ORG)
