"""Refresh tokens in the system's keyring: Keychain, Secret Service or Windows' credentials.

https://keyring.readthedocs.io/en/latest/
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import AuthenticationError, SettingsError
from target_salesforce_bulk.salesforce.answer import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Under which name the keyring's own tools show the tokens.
_SERVICE = "target-salesforce-bulk"


def check() -> None:
    """Check that there is a keyring, and that it keeps what is stored in it.

    Raises:
        AuthenticationError: it does not.
        SettingsError: the extra is not installed.
    """
    write_token("check", "no token")
    delete_token("check")


def read_token(account: str) -> str:
    """The token of an account; empty if there is none.

    Raises:
        AuthenticationError: the keyring does not answer.
        SettingsError: the extra is not installed.
    """
    with _using() as keyring:
        return keyring.get_password(_SERVICE, account) or ""


def write_token(account: str, token: str) -> None:
    """Keep the token of an account, in place of the one before.

    Raises:
        AuthenticationError: the keyring does not take it, or does not give it back.
        SettingsError: the extra is not installed.
    """
    with _using() as keyring:
        keyring.set_password(_SERVICE, account, token)
        if keyring.get_password(_SERVICE, account) != token:
            raise LookupError("it does not keep what is stored in it")


def delete_token(account: str) -> None:
    """Delete the token of an account, if there is one.

    Raises:
        AuthenticationError: the keyring does not delete it.
        SettingsError: the extra is not installed.
    """
    with _using() as keyring:
        if keyring.get_password(_SERVICE, account) is not None:
            keyring.delete_password(_SERVICE, account)


@contextmanager
def _using() -> Iterator[Any]:
    try:
        import keyring
    except ImportError:
        raise SettingsError(
            "The refresh token is in the system keyring, for which the extra keyring is needed: "
            "pip install 'target-salesforce-bulk[keyring]'."
        ) from None
    try:
        yield keyring
    except Exception as error:  # backends raise their own
        reason = printable(error).rstrip(".") or type(error).__name__
        raise AuthenticationError(
            f"The system keyring cannot be used: {reason}. Unlock or repair it, or run "
            "target-salesforce-bulk login without --keyring."
        ) from error
