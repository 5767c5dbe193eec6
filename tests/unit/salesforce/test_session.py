"""What is known of a session, as far as Salesforce tells."""

from __future__ import annotations

from typing import Any

import pytest
from sample_batches import ORG_ID
from wire import URL, make_client

from target_salesforce_bulk.login.access_token import AccessToken
from target_salesforce_bulk.salesforce.session import find_session

FORBIDDEN = (403, [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}])
USER = (200, {"preferred_username": "ada@example.com"})


def described(*replies: Any) -> dict[str, str]:
    way = AccessToken(f"{ORG_ID[:15]}!token", URL)
    client, _ = make_client(*replies, authenticator=way, attempts=1)
    return find_session(client).labelled(method="access_token", api_version="67.0")


@pytest.mark.parametrize(("is_sandbox", "kind"), [(True, "sandbox"), (False, "production")])
def test_all_that_is_known(is_sandbox: bool, kind: str) -> None:
    """Each by its label; an access token does not say its scopes."""
    assert described(USER, (200, {"records": [{"IsSandbox": is_sandbox}]})) == {
        "User": "ada@example.com",
        "Org": ORG_ID,
        "Kind of org": kind,
        "URL": URL,
        "API version": "67.0",
        "Scopes": "unknown",
        "Login": "access_token",
    }


@pytest.mark.parametrize(
    "replies",
    [
        (FORBIDDEN, FORBIDDEN),
        ((200, {}), (200, {})),
        ((200, {"preferred_username": 7}), (200, {"records": [7]})),
        ((200, {"preferred_username": None}), (200, {"records": [{"IsSandbox": "x"}]})),
        ((200, []), (200, "<html>")),
    ],
)
def test_what_salesforce_does_not_tell_is_unknown(replies: tuple[Any, ...]) -> None:
    """The app may lack the scope, and the user the permission."""
    found = described(*replies)

    assert (found["User"], found["Kind of org"]) == ("unknown", "unknown")
