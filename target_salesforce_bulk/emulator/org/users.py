"""Users of the org who log in by themselves, and the errors that keep them out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from target_salesforce_bulk.emulator.org.refusal import OAuthError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class User:
    """A user of the org."""

    username: str
    password: str = field(default="", repr=False)
    #: Must follow the password; empty if the org trusts the address that the login comes from.
    security_token: str = field(default="", repr=False)
    active: bool = True
    #: Whether an administrator has pre-authorized the app for the user, as a JWT needs it.
    approved: bool = True


def check_password(users: Sequence[User], username: str, password: str) -> User:
    """Check a login by password; whose it is.

    Raises:
        OAuthError: there is no such user, the password is another one, or the user is inactive.
    """
    user = _find(users, username)
    if user is None or not password or password != user.password + user.security_token:
        raise OAuthError("invalid_grant", "authentication failure")
    return _active(user)


def check_approved(users: Sequence[User], username: str) -> User:
    """Check a user whom a JWT names; returns the user.

    Raises:
        OAuthError: there is no such user, the app is not approved, or the user is inactive.
    """
    user = _find(users, username)
    if user is None or not user.approved:
        raise OAuthError("invalid_grant", "user hasn't approved this consumer")
    return _active(user)


def _find(users: Sequence[User], username: str) -> User | None:
    # Usernames are unique without regard to case.
    return next((each for each in users if each.username.lower() == username.lower()), None)


def _active(user: User) -> User:
    if not user.active:
        raise OAuthError("inactive_user", "user is inactive")
    return user
