"""`login`: a user grants access in a browser, and the refresh token is stored for later runs."""

from __future__ import annotations

import dataclasses
import json
import re
import webbrowser
from shlex import quote
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import SettingsError, Terminated
from target_salesforce_bulk.login import system_keyring
from target_salesforce_bulk.login.address import check_address
from target_salesforce_bulk.login.authorization import Authorization, AuthorizationCode
from target_salesforce_bulk.login.callback import Callback, redirect_uri
from target_salesforce_bulk.login.connect import client_of
from target_salesforce_bulk.login.loopback import listening, serving
from target_salesforce_bulk.login.secret import clean_secret, is_sendable
from target_salesforce_bulk.login.token_store import token_store
from target_salesforce_bulk.printing import print_lines

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.settings import Settings


#: Settings that name another login than the stored one.
_OTHER_LOGINS = ("access_token", "refresh_token", "username", "sf_cli_target_org")


def stored_login(settings: Settings) -> Settings:
    """The settings of a run that logs in with what `login` has stored."""
    without: dict[str, Any] = dict.fromkeys(_OTHER_LOGINS)
    return dataclasses.replace(settings, **(without | {"auth_method": "refresh_token"}))


def log_in(
    settings: Settings, *, port: int, seconds: float, opens_browser: bool, in_keyring: bool
) -> Client:
    """Let a user log in, and store the refresh token; the client of the new session.

    Args:
        settings: Name the login address and the app.
        port: Of the listener.
        seconds: For the user.
        opens_browser: Otherwise the address is only printed.
        in_keyring: Whether the token goes to the system's keyring.

    Raises:
        SettingsError: the app is not named, or the port cannot be used.
        AuthenticationError: the user or Salesforce refuses, no answer comes in time, or the
            keyring cannot be used.
        StateDirectoryError: the token cannot be stored.
    """
    login_url = check_address(settings.login_url, "login_url")
    client_id = _client_id(settings)
    secret = (
        clean_secret(settings.client_secret, "client_secret") if settings.client_secret else None
    )
    store = token_store(stored_login(settings), in_keyring=in_keyring)
    # What cannot be used is found before the user is asked.
    with store.locked():
        if in_keyring:
            system_keyring.check()
    try:
        asked, code = _granted(login_url, client_id, port, seconds, opens_browser=opens_browser)
    except Terminated as received:
        raise Terminated(received.signum, "Nobody was logged in.") from None
    client = client_of(settings, AuthorizationCode(asked, code, secret, store))
    client.log_in()
    return client


def _granted(
    login_url: str, client_id: str, port: int, seconds: float, *, opens_browser: bool
) -> tuple[Authorization, str]:
    """What the user was asked, and the code that the browser brings back."""
    with listening(port) as server:
        uri = redirect_uri(server.server_port)
        asked = Authorization(login_url=login_url, client_id=client_id, redirect_uri=uri)
        callback = Callback(asked.state)
        with serving(server, callback):
            _show(asked.url, opens_browser=opens_browser)
            return asked, callback.code(seconds)


def _client_id(settings: Settings) -> str:
    client_id = (settings.client_id or "").strip()
    if not client_id or not is_sendable(client_id):
        raise SettingsError("client_id is missing or invalid. Give the app's consumer key.")
    return client_id


def _show(url: str, *, opens_browser: bool) -> None:
    print_lines("Open this address in a browser on this machine, and log in:", url)
    if opens_browser:
        webbrowser.open(url)


def settings_to_set(settings: Settings) -> list[str]:
    """Lines that say which settings let a run use the stored login, in three forms."""
    found = {
        "auth_method": "refresh_token",
        "login_url": settings.login_url,
        "client_id": settings.client_id or "",
        "state_dir": str(settings.state_dir.absolute()),
    }
    prefix = "TARGET_SALESFORCE_BULK_"
    return [
        "Settings of the target, as JSON:",
        json.dumps(found),
        "In .env:",
        *(f"{prefix}{name.upper()}={_in_dotenv(value)}" for name, value in found.items()),
        "In Meltano:",
        *(
            f"meltano config set target-salesforce-bulk {name} {quote(value)}"
            for name, value in found.items()
        ),
        *_warnings(settings),
    ]


def _in_dotenv(value: str) -> str:
    """A value as python-dotenv and Meltano read it, which is not as a shell does."""
    if re.fullmatch(r"[\w./:@%+-]+", value, re.ASCII):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _warnings(settings: Settings) -> list[str]:
    lines = []
    if settings.client_secret:
        lines.append("client_secret was used: set it for runs as well.")
    before = [name for name in _OTHER_LOGINS if getattr(settings, name)]
    return lines + [
        f"Remove {name} from the configuration: with it, another login is used." for name in before
    ]
