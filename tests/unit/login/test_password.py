"""A user logs in by password, for as long as Salesforce allows that."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from wire import URL, make_client

from target_salesforce_bulk.login.password import Password

if TYPE_CHECKING:
    import pytest

LOGIN = Password(URL, "app", "very-secret", "ann@acme.com", "pass word&Token")
TOKEN = (200, {"access_token": "00D!x", "instance_url": URL})
RENEWED = (200, {"access_token": "00D!y", "instance_url": URL})
EXPIRED = (401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}])


def test_the_user_and_the_app_are_sent() -> None:
    """As a form."""
    client, wire = make_client(TOKEN, (200, {}), authenticator=LOGIN)
    client.check_access()

    assert parse_qs(wire.bodies[0].decode()) == {
        "grant_type": ["password"],
        "client_id": ["app"],
        "client_secret": ["very-secret"],
        "username": ["ann@acme.com"],
        "password": ["pass word&Token"],
    }
    assert "very-secret" not in repr(LOGIN)
    assert "pass word" not in repr(LOGIN)


def test_the_end_of_this_login_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """Not again when the session is renewed."""
    client, _ = make_client(TOKEN, EXPIRED, RENEWED, (200, {}), authenticator=LOGIN)
    client.check_access()
    warnings = [each.message for each in caplog.records if each.levelname == "WARNING"]

    assert warnings == [
        "Salesforce ends logins by password on 2027-02-20. Change to client credentials or JWT "
        "before then; see docs/login.md"
    ]
