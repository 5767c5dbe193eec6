"""Which way to log in follows from the settings; what is missing or contradictory is named."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.login.address import check_address

if TYPE_CHECKING:
    from target_salesforce_bulk.settings import AuthMethod, Settings

#: What each way to log in needs; of several names in one entry, one is enough.
_NEEDS: dict[AuthMethod, tuple[str, ...]] = {
    "access_token": ("access_token", "instance_url"),
    "refresh_token": ("refresh_token", "client_id"),
    "jwt_bearer": ("private_key or private_key_path", "username", "client_id"),
    "password": ("password", "username", "client_id", "client_secret"),
    "sf_cli": (),
    "client_credentials": ("client_id", "client_secret"),
}

#: Settings that only one way to log in reads, and that tell which one is meant.
_SIGNS: dict[str, AuthMethod] = {
    "access_token": "access_token",
    "refresh_token": "refresh_token",
    "private_key": "jwt_bearer",
    "private_key_path": "jwt_bearer",
    "password": "password",
    "sf_cli_target_org": "sf_cli",
}

#: Settings without effect unless another one is set.
_ADDITIONS = {
    "private_key_passphrase": ("private_key", "private_key_path"),
    "security_token": ("password",),
    "username": ("password", "private_key", "private_key_path"),
}

#: Hosts of many orgs, which do not know whose app it is.
#: https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_client_credentials_flow.htm
_SHARED_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})


def login_method(settings: Settings) -> AuthMethod:
    """The way to log in: `auth_method`, or the one whose credentials are set.

    Raises:
        SettingsError: credentials are missing, or contradict each other.
    """
    method = settings.auth_method or _inferred(settings)
    missing = [each for each in _NEEDS[method] if not _given(settings, *each.split(" or "))]
    if missing:
        raise SettingsError(f"auth_method {method} needs {' and '.join(missing)}.")
    if method == "jwt_bearer" and settings.private_key and settings.private_key_path:
        raise SettingsError("private_key and private_key_path are both set. Remove one.")
    if method == "client_credentials":
        _check_host(settings.login_url)
    return method


def _inferred(settings: Settings) -> AuthMethod:
    signs = {_SIGNS[name]: name for name in _given(settings, *_SIGNS)}
    if len(signs) > 1:
        raise SettingsError(
            f"{' and '.join(signs.values())} belong to different ways to log in. Remove all but "
            f"one, or set auth_method to one of {', '.join(signs)}."
        )
    _check_additions(settings)
    if signs:
        return next(iter(signs))
    if settings.client_secret:
        return "client_credentials"
    raise SettingsError(
        "No credentials are set. Set client_id and client_secret (client credentials), client_id, "
        "username and private_key (JWT), client_id and refresh_token, access_token and "
        "instance_url, or auth_method to sf_cli (an org of the Salesforce CLI)."
    )


def _check_additions(settings: Settings) -> None:
    for name, bases in _ADDITIONS.items():
        if _given(settings, name) and not _given(settings, *bases):
            raise SettingsError(
                f"{name} is set, but {' and '.join(bases)} {'is' if len(bases) == 1 else 'are'} "
                f"not. Set {' or '.join(bases)}, or remove {name}."
            )


def _given(settings: Settings, *names: str) -> list[str]:
    return [name for name in names if getattr(settings, name)]


def _check_host(login_url: str) -> None:
    # Only the host is repeated: the address may hold a password.
    host = urlsplit(check_address(login_url, "login_url")).hostname
    if host in _SHARED_HOSTS:
        raise SettingsError(
            f"login_url is the address of {host}, which does not take client credentials. Use your "
            "My Domain address, such as https://acme.my.salesforce.com; it is in Setup under My "
            "Domain."
        )
