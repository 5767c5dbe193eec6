"""From settings to a connection: which way to log in, and how patiently to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.login.access_token import AccessToken
from target_salesforce_bulk.login.address import check_address
from target_salesforce_bulk.login.client_credentials import ClientCredentials
from target_salesforce_bulk.login.refresh_token import RefreshToken
from target_salesforce_bulk.login.secret import clean_secret
from target_salesforce_bulk.login.token_store import token_store
from target_salesforce_bulk.salesforce.client import Client, RetryPolicy

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.auth import Authenticator
    from target_salesforce_bulk.settings import Settings

#: What each way to log in needs, in the order in which they are tried when none is named.
_NEEDS = {
    "access_token": ("access_token", "instance_url"),
    "refresh_token": ("refresh_token", "client_id"),
    "client_credentials": ("client_id", "client_secret"),
}


def connect(settings: Settings) -> Client:
    """A client for the org of these settings; nothing is sent yet.

    Raises:
        SettingsError: it is not clear how to log in.
    """
    return client_of(settings, _authenticator(settings))


def client_of(settings: Settings, authenticator: Authenticator) -> Client:
    """A client that logs in by this authenticator."""
    return Client(
        authenticator,
        api_version=settings.api_version,
        policy=RetryPolicy(
            attempts=settings.request_attempts, max_seconds=settings.request_max_seconds
        ),
        timeout_seconds=settings.request_timeout_seconds,
    )


def login_method(settings: Settings) -> str:
    """How these settings log in.

    Raises:
        SettingsError: they hold no credentials.
    """
    return settings.auth_method or _infer_method(settings)


def _authenticator(settings: Settings) -> Authenticator:
    method = login_method(settings)
    missing = [name for name in _NEEDS[method] if not getattr(settings, name)]
    if method == "refresh_token" and settings.refresh_token is None:
        missing.remove("refresh_token")  # `login` stores one
    if missing:
        raise SettingsError(f"auth_method {method} needs {' and '.join(missing)}.")
    if method == "access_token":
        return AccessToken(
            _secret(settings, "access_token"),
            check_address(settings.instance_url or "", "instance_url"),
        )
    login_url = check_address(settings.login_url, "login_url")
    client_id = _secret(settings, "client_id")
    if method == "client_credentials":
        return ClientCredentials(login_url, client_id, _secret(settings, "client_secret"))
    client_secret = _secret(settings, "client_secret") if settings.client_secret else None
    return RefreshToken(login_url, client_id, client_secret, token_store(settings))


def _secret(settings: Settings, name: str) -> str:
    return clean_secret(getattr(settings, name), name)


def _infer_method(settings: Settings) -> str:
    for method in _NEEDS:
        if getattr(settings, _NEEDS[method][0]) and (
            method != "client_credentials" or settings.client_secret
        ):
            return method
    raise SettingsError(
        "No credentials are set. Set client_id and client_secret (client credentials), client_id "
        "and refresh_token, or access_token and instance_url."
    )
