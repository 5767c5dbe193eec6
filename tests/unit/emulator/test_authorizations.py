"""Consents and one-time codes of the emulator."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.emulator.org.authorizations import Authorizations, challenge_of
from target_salesforce_bulk.emulator.org.behaviour import Behaviour
from target_salesforce_bulk.emulator.org.refusal import OAuthError

CALLBACK = "http://localhost:1717/callback"
ASKED = {
    "client_id": "app",
    "response_type": "code",
    "redirect_uri": CALLBACK,
    "state": "s",
    "code_challenge": challenge_of("verifier"),
    "code_challenge_method": "S256",
}


@pytest.fixture
def authorizations() -> Authorizations:
    return Authorizations("app", Behaviour())


@pytest.fixture
def redeemable(authorizations: Authorizations) -> dict[str, str]:
    """A token request that is right."""
    code = authorizations.issue_code(authorizations.answer(authorizations.ask(ASKED)))
    return {"code": code, "redirect_uri": CALLBACK, "code_verifier": "verifier"}


def refused(call: Any, *arguments: Any) -> str:
    with pytest.raises(OAuthError) as caught:
        call(*arguments)
    return caught.value.error


def test_the_challenge() -> None:
    """The example of RFC 7636, appendix B."""
    found = challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    assert found == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": "other"}, "invalid_client_id"),
        ({"redirect_uri": "https://evil.example/callback"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://localhost:1717/other"}, "redirect_uri_mismatch"),
    ],
)
def test_whom_a_browser_is_not_sent_to(
    authorizations: Authorizations, change: dict[str, str], error: str
) -> None:
    """An app or an address that is not registered."""
    authorizations.check_app(ASKED)

    assert refused(authorizations.check_app, ASKED | change) == error


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_what_cannot_be_asked_for(
    authorizations: Authorizations, change: dict[str, str], error: str
) -> None:
    """The app must use PKCE with S256."""
    assert refused(authorizations.ask, ASKED | change) == error


def test_a_request_is_answered_once(authorizations: Authorizations) -> None:
    """And under its own name only."""
    name = authorizations.ask(ASKED)
    assert authorizations.answer(name).state == "s"

    assert refused(authorizations.answer, name) == "invalid_request"
    assert refused(authorizations.answer, "other") == "invalid_request"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code": "other"}, "invalid_grant"),
        ({"redirect_uri": "http://localhost:1718/callback"}, "redirect_uri_mismatch"),
        ({"code_verifier": "other"}, "invalid_grant"),
    ],
)
def test_a_code_needs_what_it_was_issued_for(
    authorizations: Authorizations, redeemable: dict[str, str], change: dict[str, str], error: str
) -> None:
    """Whoever stole it has neither the verifier nor another try."""
    assert refused(authorizations.redeem, redeemable | change) == error


def test_a_code_works_once(authorizations: Authorizations, redeemable: dict[str, str]) -> None:
    """The second use is refused."""
    authorizations.redeem(redeemable)

    assert refused(authorizations.redeem, redeemable) == "invalid_grant"


def test_a_wrong_try_uses_a_code_up(
    authorizations: Authorizations, redeemable: dict[str, str]
) -> None:
    """Nobody guesses the verifier."""
    assert refused(authorizations.redeem, redeemable | {"code_verifier": "x"}) == "invalid_grant"
    assert refused(authorizations.redeem, redeemable) == "invalid_grant"
