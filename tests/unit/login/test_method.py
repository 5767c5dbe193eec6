"""Which way to log in follows from the settings, and what is wrong with them is named."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.login.method import login_method
from target_salesforce_bulk.settings import Settings

ORG = "https://acme.my.salesforce.com"
APP = {"login_url": ORG, "client_id": "app", "client_secret": "s"}
KEY = {"client_id": "app", "username": "u", "private_key": "k"}
USER = APP | {"username": "u", "password": "p"}
TOKEN = {"access_token": "00D!x", "instance_url": ORG}


@pytest.mark.parametrize(
    ("config", "method"),
    [
        (APP, "client_credentials"),
        (APP | TOKEN, "access_token"),
        (APP | {"refresh_token": "r"}, "refresh_token"),
        (KEY, "jwt_bearer"),
        (KEY | APP, "jwt_bearer"),
        ({"client_id": "app", "username": "u", "private_key_path": "server.key"}, "jwt_bearer"),
        (KEY | {"private_key_passphrase": "x"}, "jwt_bearer"),
        (USER, "password"),
        (USER | {"security_token": "t"}, "password"),
        ({"sf_cli_target_org": "dev"}, "sf_cli"),
        (APP | {"sf_cli_target_org": "dev"}, "sf_cli"),
        ({"auth_method": "sf_cli"}, "sf_cli"),
        (USER | KEY | {"auth_method": "password"}, "password"),
        (USER | TOKEN | {"auth_method": "client_credentials"}, "client_credentials"),
    ],
)
def test_the_method(config: dict[str, Any], method: str) -> None:
    """It is auth_method if that is set, and else that of the credentials."""
    assert login_method(Settings.from_config(config)) == method


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "No credentials are set. Set client_id and client_secret"),
        ({"client_id": "app"}, "No credentials are set"),
        ({"private_key": "k"}, "auth_method jwt_bearer needs username and client_id."),
        (
            {"auth_method": "jwt_bearer", "client_id": "a", "username": "u"},
            "auth_method jwt_bearer needs private_key or private_key_path.",
        ),
        ({"password": "p"}, "password needs username and client_id and client_secret."),
        ({"access_token": "t"}, "auth_method access_token needs instance_url."),
        ({"refresh_token": "r"}, "auth_method refresh_token needs client_id."),
        ({"auth_method": "client_credentials"}, "needs client_id and client_secret."),
        (
            KEY | {"private_key_path": "server.key"},
            "private_key and private_key_path are both set. Remove one.",
        ),
        (
            USER | KEY,
            "private_key and password belong to different ways to log in. Remove all but one, or "
            "set auth_method to one of jwt_bearer, password.",
        ),
        (TOKEN | {"refresh_token": "r"}, "access_token and refresh_token belong to different"),
        (APP | {"username": "u"}, "username is set, but password and private_key and"),
        (APP | {"security_token": "t"}, "security_token is set, but password is not."),
        (
            APP | {"private_key_passphrase": "p"},
            "private_key_passphrase is set, but private_key and private_key_path are not.",
        ),
    ],
)
def test_credentials_that_make_no_login(config: dict[str, Any], message: str) -> None:
    """What is missing, or contradicts something else, is named."""
    with pytest.raises(SettingsError) as caught:
        login_method(Settings.from_config(config))

    assert message in str(caught.value)


@pytest.mark.parametrize(
    "login_url",
    [
        None,
        "https://login.salesforce.com",
        "https://test.salesforce.com/",
        " https://LOGIN.salesforce.com",
    ],
)
def test_client_credentials_need_my_domain(login_url: str | None) -> None:
    """The login hosts of all orgs do not take them, and nothing is sent there."""
    config = APP | {"login_url": login_url}

    with pytest.raises(SettingsError, match="Use your My Domain address"):
        login_method(Settings.from_config(config))


def test_an_address_with_a_password_is_not_repeated() -> None:
    """It is refused as what it is."""
    config = APP | {"login_url": "https://me:hush@login.salesforce.com"}
    with pytest.raises(SettingsError, match="login_url contains a user name or password") as caught:
        login_method(Settings.from_config(config))

    assert "hush" not in str(caught.value)
