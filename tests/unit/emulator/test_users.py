"""Users who log in by themselves."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.emulator.org.users import (
    OAuthError,
    User,
    check_approved,
    check_password,
)

USERS = [
    User(username="ann@a.com", password="secret"),
    User(username="bob@a.com", password="secret", security_token="T"),
    User(username="cat@a.com", password="secret", active=False, approved=True),
    User(username="dan@a.com", password="secret", approved=False),
    User(username="eve@a.com"),
]
FAILED = ("invalid_grant", "authentication failure")
INACTIVE = ("inactive_user", "user is inactive")
NOT_APPROVED = ("invalid_grant", "user hasn't approved this consumer")


@pytest.mark.parametrize(
    ("username", "password", "error"),
    [
        ("ann@a.com", "secret", None),
        ("ANN@a.com", "secret", None),
        ("ann@a.com", "other", FAILED),
        ("nobody@a.com", "secret", FAILED),
        ("bob@a.com", "secretT", None),
        ("bob@a.com", "secret", FAILED),
        ("cat@a.com", "secret", INACTIVE),
        ("eve@a.com", "", FAILED),
    ],
)
def test_a_password(username: str, password: str, error: tuple[str, str] | None) -> None:
    """With the security token at its end, for those who have one."""
    found = None
    try:
        check_password(USERS, username, password)
    except OAuthError as refused:
        found = (refused.error, refused.description)

    assert found == error


@pytest.mark.parametrize(
    ("username", "error"),
    [
        ("ann@a.com", None),
        ("cat@a.com", INACTIVE),
        ("dan@a.com", NOT_APPROVED),
        ("nobody@a.com", NOT_APPROVED),
    ],
)
def test_a_user_of_a_jwt(username: str, error: tuple[str, str] | None) -> None:
    """The app must be approved for the user."""
    found = None
    try:
        check_approved(USERS, username)
    except OAuthError as refused:
        found = (refused.error, refused.description)

    assert found == error
