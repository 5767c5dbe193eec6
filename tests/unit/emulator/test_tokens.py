"""Credentials and tokens."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import jwt
import pytest
from key_pairs import public_pem, rsa_key

from target_salesforce_bulk.emulator.org.refusal import OAuthError
from target_salesforce_bulk.emulator.org.tokens import Grant, Tokens

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator.org.behaviour import Behaviour

EXPIRED = ("invalid_grant", "expired access/refresh token")


@pytest.fixture
def tokens(behaviour: Behaviour) -> Tokens:
    return Tokens(behaviour)


def form(tokens: Tokens, grant_type: str, **changes: str) -> dict[str, str]:
    """A correct token request, with changes."""
    return {
        "grant_type": grant_type,
        "client_id": tokens.client_id,
        "client_secret": tokens.client_secret,
        "refresh_token": tokens.refresh_token,
        "username": tokens.username,
        "password": tokens.password,
    } | changes


@pytest.mark.parametrize("grant_type", ["client_credentials", "refresh_token", "password"])
def test_a_grant(tokens: Tokens, grant_type: str) -> None:
    """A new valid access token, and no refresh token."""
    grant = tokens.grant(form(tokens, grant_type))

    assert grant == Grant(grant.access_token, None)
    assert grant.access_token != tokens.access_token
    assert tokens.admit(grant.access_token)


@pytest.mark.parametrize(
    ("grant_type", "changes", "error"),
    [
        ("implicit", {}, ("unsupported_grant_type", "grant type not supported")),
        (
            "client_credentials",
            {"client_id": "x"},
            ("invalid_client_id", "client identifier invalid"),
        ),
        (
            "client_credentials",
            {"client_secret": "x"},
            ("invalid_client", "invalid client credentials"),
        ),
        (
            "refresh_token",
            {"refresh_token": "x"},
            ("invalid_grant", "expired access/refresh token"),
        ),
        ("refresh_token", {"client_secret": "x"}, ("invalid_client", "invalid client credentials")),
        ("password", {"password": "x"}, ("invalid_grant", "authentication failure")),
    ],
)
def test_a_refused_grant(
    tokens: Tokens, grant_type: str, changes: dict[str, str], error: tuple[str, str]
) -> None:
    """With Salesforce's code and description."""
    with pytest.raises(OAuthError) as caught:
        tokens.grant(form(tokens, grant_type, **changes))

    assert (caught.value.error, caught.value.description) == error


def test_a_grant_by_jwt(tokens: Tokens, behaviour: Behaviour) -> None:
    """For a user of the org, when the app's certificate fits."""
    behaviour.configure({"jwt_certificates": [public_pem()], "users": [{"username": "ann@a.com"}]})
    claims = {"iss": tokens.client_id, "sub": "ann@a.com", "aud": "http://org"}
    assertion = jwt.encode(claims | {"exp": int(time.time()) + 60}, rsa_key(), algorithm="RS256")
    request = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": assertion,
    }

    assert tokens.admit(tokens.grant(request, "http://org").access_token)
    with pytest.raises(OAuthError, match=r"^audience is invalid$"):
        tokens.grant(request, "http://other")


def test_a_rule_for_logins(tokens: Tokens, behaviour: Behaviour) -> None:
    """It refuses what would have been granted."""
    rule = {"error": "inactive_org", "description": "organization is inactive", "times": 1}
    behaviour.configure({"login_rules": [rule]})
    with pytest.raises(OAuthError) as caught:
        tokens.grant(form(tokens, "client_credentials"))

    assert (caught.value.error, caught.value.description) == (
        "inactive_org",
        "organization is inactive",
    )
    assert tokens.admit(tokens.grant(form(tokens, "client_credentials")).access_token)


@pytest.mark.parametrize(("grant_type", "needed"), [("refresh_token", False), ("password", True)])
def test_whether_the_secret_is_needed(tokens: Tokens, grant_type: str, needed: bool) -> None:
    """Only a refresh works without."""
    request = form(tokens, grant_type)
    del request["client_secret"]
    try:
        tokens.grant(request)
    except OAuthError as error:
        refused = error.error == "invalid_client"
    else:
        refused = False

    assert refused is needed


def test_a_rotated_refresh_token(tokens: Tokens, behaviour: Behaviour) -> None:
    """The old one is revoked, and the new one works."""
    behaviour.rotate_refresh_tokens = True
    grant = tokens.grant(form(tokens, "refresh_token"))

    assert grant.refresh_token is not None
    with pytest.raises(OAuthError) as caught:
        tokens.grant(form(tokens, "refresh_token"))
    assert (caught.value.error, caught.value.description) == EXPIRED
    assert tokens.grant(form(tokens, "refresh_token", refresh_token=grant.refresh_token))


def test_expiry(tokens: Tokens) -> None:
    """It ends all access tokens, but not the refresh token."""
    issued = [tokens.access_token, tokens.grant(form(tokens, "password")).access_token]
    tokens.expire()

    assert [tokens.admit(token) for token in issued] == [False, False]
    assert tokens.admit(tokens.grant(form(tokens, "refresh_token")).access_token)


def test_a_revoked_refresh_token(tokens: Tokens) -> None:
    """It grants nothing more."""
    tokens.revoke(tokens.refresh_token)
    with pytest.raises(OAuthError) as caught:
        tokens.grant(form(tokens, "refresh_token"))

    assert (caught.value.error, caught.value.description) == EXPIRED


def test_revocation(tokens: Tokens) -> None:
    """It ends one token only."""
    other = tokens.grant(form(tokens, "password")).access_token
    tokens.revoke(other)

    assert (tokens.admit(other), tokens.admit(tokens.access_token)) == (False, True)


def test_a_session_that_is_good_for_some_requests(behaviour: Behaviour, tokens: Tokens) -> None:
    """The next one has a count of its own."""
    behaviour.requests_per_session = 2
    sessions = [tokens.access_token, tokens.grant(form(tokens, "refresh_token")).access_token]

    assert [[tokens.admit(each) for _ in range(3)] for each in sessions] == [
        [True, True, False],
        [True, True, False],
    ]
