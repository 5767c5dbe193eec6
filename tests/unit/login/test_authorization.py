"""The web server flow with PKCE, without a browser."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from wire import URL, make_client

from target_salesforce_bulk.errors import AuthenticationError, StateDirectoryError
from target_salesforce_bulk.login.authorization import Authorization, AuthorizationCode
from target_salesforce_bulk.login.token_store import TokenStore
from target_salesforce_bulk.state_directory import StateDirectory

if TYPE_CHECKING:
    from pathlib import Path

CALLBACK = "http://localhost:1717/callback"
#: The verifier of RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
ASKED = Authorization(
    login_url=URL, client_id="the app", redirect_uri=CALLBACK, state="s", verifier=VERIFIER
)


def store(tmp_path: Path) -> TokenStore:
    return TokenStore(StateDirectory(tmp_path / "state", "login"), "")


def reply(**members: str) -> Any:
    return 200, {"access_token": "00D!x", "instance_url": URL, **members}


def test_the_address_for_the_browser() -> None:
    """It holds the challenge of RFC 7636, not the verifier."""
    parts = urlsplit(ASKED.url)

    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{URL}/services/oauth2/authorize"
    assert parse_qs(parts.query) == {
        "response_type": ["code"],
        "client_id": ["the app"],
        "redirect_uri": [CALLBACK],
        "scope": ["api refresh_token"],
        "state": ["s"],
        "code_challenge": ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
        "code_challenge_method": ["S256"],
    }


def test_each_login_has_secrets_of_its_own() -> None:
    """Long enough that nobody guesses them; a verifier has 43 to 128 characters."""
    found = [
        Authorization(login_url=URL, client_id="app", redirect_uri=CALLBACK) for _ in range(50)
    ]

    assert len({each.state for each in found}) == len({each.verifier for each in found}) == 50
    assert all(len(each.state) >= 43 and 43 <= len(each.verifier) <= 128 for each in found)
    assert not any(each.verifier in repr(each) or each.state in repr(each) for each in found)


def test_the_refresh_token_is_stored_with_the_login(tmp_path: Path) -> None:
    """By the request that the RFC describes."""
    way = AuthorizationCode(ASKED, "the-code", "very-secret", store(tmp_path))
    client, wire = make_client(reply(refresh_token="lasting"), authenticator=way)
    client.log_in()

    assert parse_qs(wire.bodies[0].decode()) == {
        "grant_type": ["authorization_code"],
        "client_id": ["the app"],
        "client_secret": ["very-secret"],
        "code": ["the-code"],
        "redirect_uri": [CALLBACK],
        "code_verifier": [VERIFIER],
    }
    assert store(tmp_path).newest() == "lasting"
    path = StateDirectory(tmp_path / "state", "login").token_file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "the-code" not in repr(way)
    assert "very-secret" not in repr(way)


def test_a_reply_without_a_refresh_token(tmp_path: Path) -> None:
    """The app lacks the scope for it."""
    way = AuthorizationCode(ASKED, "the-code", None, store(tmp_path))
    client, _ = make_client(reply(), authenticator=way)

    with pytest.raises(AuthenticationError, match="Add the scope refresh_token"):
        client.log_in()


def test_a_code_is_not_used_without_a_place_for_the_token(tmp_path: Path) -> None:
    """The token would be lost."""
    (tmp_path / "state").touch()
    way = AuthorizationCode(ASKED, "the-code", None, store(tmp_path))
    client, wire = make_client(authenticator=way)

    with pytest.raises(StateDirectoryError):
        client.log_in()
    assert wire.requests == []


def test_a_session_that_is_refused_is_not_renewed_by_the_code(tmp_path: Path) -> None:
    """A code works once."""
    way = AuthorizationCode(ASKED, "the-code", None, store(tmp_path))
    expired = (401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}])
    client, wire = make_client(reply(refresh_token="lasting"), expired, authenticator=way)

    with pytest.raises(AuthenticationError, match="Log in again"):
        client.check_access()
    assert len(wire.requests) == 2
