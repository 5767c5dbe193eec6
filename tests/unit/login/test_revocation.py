"""A logout revokes the stored token, and deletes it whatever the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
import requests
from wire import URL, Wire

from target_salesforce_bulk.errors import AuthenticationError
from target_salesforce_bulk.login.revocation import log_out
from target_salesforce_bulk.login.token_store import token_store
from target_salesforce_bulk.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    given: dict[str, Any] = {
        "auth_method": "refresh_token",
        "client_id": "the-app",
        "login_url": URL,
        "request_attempts": 1,
        "state_dir": str(tmp_path / "state"),
    }
    found = Settings.from_config(given)
    with token_store(found).locked():
        token_store(found).save("lasting")
    return found


def test_a_token_is_revoked_and_deleted(settings: Settings) -> None:
    """The token is in the body, not in the address."""
    wire = Wire((200, ""))

    assert log_out(settings, wire)
    assert token_store(settings).stored() == ""
    assert [each.url for each in wire.requests] == [f"{URL}/services/oauth2/revoke"]
    assert parse_qs(wire.bodies[0].decode()) == {"token": ["lasting"]}


def test_without_a_token_nothing_is_sent(settings: Settings) -> None:
    """There is nothing to revoke."""
    assert log_out(settings, Wire((200, "")))
    wire = Wire()

    assert not log_out(settings, wire)
    assert wire.requests == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((400, {"error": "invalid_token"}), "INVALIDTOKEN"),
        ((503, "<html>"), "HTTP 503"),
        (requests.ConnectionError("refused"), "did not revoke it"),
    ],
)
def test_a_token_that_is_not_revoked_is_deleted(
    settings: Settings, answer: Any, reason: str
) -> None:
    """The error says where to revoke it."""
    with pytest.raises(AuthenticationError, match=reason) as caught:
        log_out(settings, Wire(answer))
    assert "Revoke it in Salesforce" in str(caught.value)
    assert "lasting" not in str(caught.value)
    assert token_store(settings).stored() == ""
