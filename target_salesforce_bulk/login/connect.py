"""From settings to a connection: which way to log in, and how patiently to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.login.access_token import AccessToken
from target_salesforce_bulk.login.address import check_address
from target_salesforce_bulk.login.client_credentials import ClientCredentials
from target_salesforce_bulk.login.method import login_method
from target_salesforce_bulk.login.password import Password
from target_salesforce_bulk.login.refresh_token import RefreshToken
from target_salesforce_bulk.login.secret import clean_secret
from target_salesforce_bulk.login.sf_cli import SfCli
from target_salesforce_bulk.login.token_store import token_store
from target_salesforce_bulk.redaction import conceal
from target_salesforce_bulk.salesforce.client import Client, RetryPolicy

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.auth import Authenticator
    from target_salesforce_bulk.settings import Settings


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
        policy=retry_policy(settings),
        timeout_seconds=settings.request_timeout_seconds,
    )


def retry_policy(settings: Settings) -> RetryPolicy:
    """How often and for how long a request is tried."""
    return RetryPolicy(attempts=settings.request_attempts, max_seconds=settings.request_max_seconds)


def _authenticator(settings: Settings) -> Authenticator:
    method = login_method(settings)
    if method == "access_token":
        return AccessToken(
            _secret(settings, "access_token"),
            check_address(settings.instance_url or "", "instance_url"),
        )
    if method == "sf_cli":
        return SfCli(settings.sf_cli_target_org)
    login_url = check_address(settings.login_url, "login_url")
    client_id = _secret(settings, "client_id")
    match method:
        case "client_credentials":
            return ClientCredentials(login_url, client_id, _secret(settings, "client_secret"))
        case "jwt_bearer":
            return _jwt_bearer(settings, login_url, client_id)
        case "password":
            client_secret = _secret(settings, "client_secret")
            password = _password(settings)
            return Password(login_url, client_id, client_secret, _username(settings), password)
        case _:
            return _refresh_token(settings, login_url, client_id)


def _refresh_token(settings: Settings, login_url: str, client_id: str) -> RefreshToken:
    client_secret = _secret(settings, "client_secret") if settings.client_secret else None
    return RefreshToken(login_url, client_id, client_secret, token_store(settings))


def _secret(settings: Settings, name: str) -> str:
    return clean_secret(getattr(settings, name), name)


def _username(settings: Settings) -> str:
    return (settings.username or "").strip()


def _jwt_bearer(settings: Settings, login_url: str, client_id: str) -> Authenticator:
    # Cryptography takes 10 MB and a tenth of a second, which other logins need not pay.
    from target_salesforce_bulk.login.jwt_bearer import JwtBearer
    from target_salesforce_bulk.login.private_key import load_key, read_key

    passphrase = settings.private_key_passphrase
    if settings.private_key_path is not None:
        key = load_key(read_key(settings.private_key_path), passphrase, "private_key_path")
    else:
        key = load_key(settings.private_key or "", passphrase, "private_key")
    return JwtBearer(login_url, client_id, _username(settings), key)


def _password(settings: Settings) -> str:
    """Both secrets, as they are sent; a password may hold any character, also at its ends."""
    password, token = settings.password or "", (settings.security_token or "").strip()
    for secret in (password, token, password + token):
        conceal(secret)
    return password + token
