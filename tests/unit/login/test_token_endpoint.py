"""Token requests: what is read from a response, and how refusals are explained."""

from __future__ import annotations

from typing import Any

import pytest
from wire import URL, Wire

from target_salesforce_bulk.errors import (
    AuthenticationError,
    ResponseError,
    SalesforceError,
    UnavailableError,
)
from target_salesforce_bulk.login.token_endpoint import (
    InvalidGrantError,
    TokenReply,
    ask_for_token,
)
from target_salesforce_bulk.salesforce.auth import Session
from target_salesforce_bulk.salesforce.meter import Meter
from target_salesforce_bulk.salesforce.transport import RetryPolicy, Transport

LOGIN = "https://login.salesforce.com"
TOKEN = {"access_token": "00D!new", "instance_url": f"{URL}/"}


def ask(*replies: Any) -> tuple[TokenReply, Wire]:
    wire = Wire(*replies)
    transport = Transport(
        policy=RetryPolicy(attempts=2),
        timeout_seconds=1,
        sleep=lambda _: None,
        meter=Meter(),
        adapter=wire,
    )
    return ask_for_token(
        transport, LOGIN, {"grant_type": "x", "client_secret": "very-secret"}
    ), wire


def test_a_token_is_asked_for() -> None:
    """As a form, so that no secret is in the URL."""
    reply, wire = ask((200, TOKEN | {"refresh_token": "5Aep"}))

    assert reply == TokenReply(
        session=Session(access_token="00D!new", instance_url=URL), refresh_token="5Aep"
    )
    assert wire.requests[0].url == f"{LOGIN}/services/oauth2/token"
    assert wire.bodies == [b"grant_type=x&client_secret=very-secret"]


def test_no_secret_is_printed() -> None:
    """Neither of a session nor of a response."""
    reply, _ = ask((200, TOKEN | {"refresh_token": "5Aep"}))

    assert "00D!new" not in repr(reply)
    assert "5Aep" not in repr(reply)


@pytest.mark.parametrize(
    ("error", "description", "remedy"),
    [
        ("invalid_client_id", "client identifier invalid", "Consumer Key"),
        ("invalid_client", "invalid client credentials", "Compare client_id and client_secret"),
        ("invalid_grant", "expired access/refresh token", "authorize the app again"),
        ("invalid_grant", "no client credentials user enabled", "Run As user"),
        ("invalid_grant", "request not supported on this domain", "My Domain"),
        ("something_new", "never seen", "Check the user, the app and login_url"),
    ],
)
def test_a_refused_login_says_what_to_do(error: str, description: str, remedy: str) -> None:
    """In Salesforce's words and in ours."""
    with pytest.raises(AuthenticationError, match=remedy) as caught:
        ask((400, {"error": error, "error_description": description}))
    assert f"{error}, {description}" in str(caught.value)
    assert "very-secret" not in str(caught.value)
    assert isinstance(caught.value, InvalidGrantError) == (error == "invalid_grant")


@pytest.mark.parametrize("body", ["<html>", {}, [], {"access_token": "x"}, {"access_token": 7}])
def test_what_is_not_a_login_address(body: Any) -> None:
    """It responds, but without a token."""
    with pytest.raises(AuthenticationError, match="is not a Salesforce login address"):
        ask((200, body))


@pytest.mark.parametrize("status", [503, 429])
def test_a_login_that_is_down(status: int) -> None:
    """It is not reported as a wrong password."""
    with pytest.raises(UnavailableError, match="Try again later"):
        ask((status, ""), (status, ""))


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"access_token": "a\r\nX-Evil: 1"}, ResponseError),
        ({"access_token": ""}, ResponseError),
        ({"refresh_token": "\u00e9"}, ResponseError),
        ({"instance_url": "https://evil.example"}, AuthenticationError),
        ({"instance_url": "http://acme.my.salesforce.com"}, AuthenticationError),
    ],
)
def test_a_token_that_must_not_be_used(change: dict[str, str], kind: type[SalesforceError]) -> None:
    """It would be sent in a header, to the address that came with it."""
    with pytest.raises(kind):
        ask((200, TOKEN | change))
