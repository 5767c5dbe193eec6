"""The pages of a login at the emulator."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from target_salesforce_bulk.emulator.org.authorizations import challenge_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.org import Org

AUTHORIZE = "/services/oauth2/authorize"
CALLBACK = "http://localhost:1717/callback"


def query(org: Org, **change: str) -> str:
    """What the browser is sent with."""
    asked = {
        "client_id": org.tokens.client_id,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "state": "a&b",
        "code_challenge": challenge_of("verifier"),
        "code_challenge_method": "S256",
    }
    return urlencode(asked | change)


def redirected(answer: Any) -> dict[str, list[str]]:
    """What the browser brings to the app."""
    assert answer.status == 302
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    return parse_qs(urlsplit(answer.headers["location"]).query)


@pytest.mark.parametrize("consent", ["access_denied", "OAUTH_APP_BLOCKED"])
def test_an_error_by_rule(org: Org, call: Callable[..., Any], consent: str) -> None:
    """It goes to the app, with its state."""
    org.behaviour.consent = consent

    assert redirected(call("GET", AUTHORIZE, query=query(org))) == {
        "error": [consent],
        "error_description": ["end-user denied authorization"],
        "state": ["a&b"],
    }


def test_consent_by_rule(org: Org, call: Callable[..., Any]) -> None:
    """Nobody is asked; the app gets a code and its state."""
    org.behaviour.consent = "allow"
    found = redirected(call("GET", AUTHORIZE, query=query(org)))

    assert ({*found}, found["state"]) == ({"code", "state"}, ["a&b"])


@pytest.mark.parametrize(("answer", "member"), [("allow", "code"), ("deny", "error")])
def test_a_person_is_asked(org: Org, call: Callable[..., Any], answer: str, member: str) -> None:
    """The form is answered once, without scripts."""
    page = call("GET", AUTHORIZE, query=query(org))
    name = re.search(r'name="request" value="([\w-]+)"', page.text)
    assert name is not None
    given = urlencode({"request": name[1], "answer": answer})
    first, second = (call("GET", f"{AUTHORIZE}/answer", query=given) for _ in range(2))

    assert page.status == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert member in redirected(first)
    assert second.status == 400


@pytest.mark.parametrize(
    "change", [{"client_id": "<b>"}, {"redirect_uri": "https://evil.example/callback"}]
)
def test_a_wrong_app_is_shown_to_the_user(
    org: Org, call: Callable[..., Any], change: dict[str, str]
) -> None:
    """The browser is sent nowhere."""
    answer = call("GET", AUTHORIZE, query=query(org, **change))

    assert (answer.status, "location" in answer.headers) == (400, False)
    assert "<b>" not in answer.text


def test_a_wrong_question_is_told_to_the_app(org: Org, call: Callable[..., Any]) -> None:
    """As an error with its state."""
    found = redirected(call("GET", AUTHORIZE, query=query(org, code_challenge_method="plain")))

    assert (found["error"], found["state"]) == (["invalid_request"], ["a&b"])
