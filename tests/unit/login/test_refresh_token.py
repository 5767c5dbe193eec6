"""A refresh token that Salesforce may replace at each login."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from wire import URL, make_client

from target_salesforce_bulk.errors import AuthenticationError, StateDirectoryError
from target_salesforce_bulk.login.refresh_token import RefreshToken
from target_salesforce_bulk.login.token_store import TokenStore, token_store
from target_salesforce_bulk.settings import Settings
from target_salesforce_bulk.state_directory import StateDirectory

if TYPE_CHECKING:
    from pathlib import Path

DEAD = (400, {"error": "invalid_grant", "error_description": "expired access/refresh token"})


def token(refresh_token: str | None = None) -> Any:
    reply = {"access_token": "00D!x", "instance_url": URL}
    return 200, reply | ({"refresh_token": refresh_token} if refresh_token else {})


def login(store: TokenStore, *replies: Any) -> list[str]:
    """Log in; the refresh tokens that were sent."""
    way = RefreshToken(URL, "app", None, store)
    client, wire = make_client(*replies, authenticator=way, attempts=1)
    try:
        assert client.instance_url == URL
    finally:
        sent = [parse_qs(body.decode())["refresh_token"][0] for body in wire.bodies]
    return sent


def store(tmp_path: Path) -> TokenStore:
    return TokenStore(StateDirectory(tmp_path / "state", "login"), "first")


def test_a_new_refresh_token_is_kept(tmp_path: Path) -> None:
    """The next process begins with it."""
    assert login(store(tmp_path), token("second")) == ["first"]
    assert login(store(tmp_path), token()) == ["second"]


def test_a_token_that_another_process_replaced_is_read_again(tmp_path: Path) -> None:
    """Only a token that was not replaced is dead."""

    def replaced() -> Any:
        store(tmp_path).save("second")  # on another machine, which does not share the lock
        return DEAD

    assert login(store(tmp_path), replaced, token("third")) == ["first", "second"]
    assert store(tmp_path).newest() == "third"


def test_a_dead_token_is_asked_for_once(tmp_path: Path) -> None:
    """It was not replaced."""
    way = RefreshToken(URL, "app", None, store(tmp_path))
    client, wire = make_client(DEAD, authenticator=way)

    with pytest.raises(AuthenticationError, match="authorize the app again"):
        client.check_access()
    assert len(wire.requests) == 1


def test_nobody_else_logs_in_meanwhile(tmp_path: Path) -> None:
    """The lock is held while Salesforce is asked, until the new token is on disk."""
    other = TokenStore(StateDirectory(tmp_path / "state", "login"), "first", sleep=lambda _: None)

    def ask() -> Any:
        with pytest.raises(StateDirectoryError, match="Another process"), other.locked():
            pass
        return token("second")

    assert login(store(tmp_path), ask) == ["first"]
    with other.locked():
        assert other.newest() == "second"


def test_no_login_without_a_place_for_the_new_token(tmp_path: Path) -> None:
    """It would be lost, and the old one is revoked."""
    (tmp_path / "file").touch()
    kept = TokenStore(StateDirectory(tmp_path / "file" / "state", "login"), "first")
    client, wire = make_client(authenticator=RefreshToken(URL, "app", None, kept))

    with pytest.raises(StateDirectoryError):
        client.check_access()
    assert wire.requests == []


def test_the_secret_of_the_app_is_sent_where_there_is_one(tmp_path: Path) -> None:
    """And not printed."""
    way = RefreshToken(URL, "app", "very-secret", store(tmp_path))
    client, wire = make_client(token(), authenticator=way)
    assert client.instance_url == URL

    assert parse_qs(wire.bodies[0].decode())["client_secret"] == ["very-secret"]
    assert "very-secret" not in repr(way)


def test_without_any_token_nothing_is_sent(tmp_path: Path) -> None:
    """The error says which command brings one."""
    settings = Settings.from_config({"client_id": "app", "state_dir": str(tmp_path / "state")})
    way = RefreshToken(URL, "app", None, token_store(settings))
    client, wire = make_client(authenticator=way)

    with pytest.raises(AuthenticationError, match=r"Run target-salesforce-bulk login\."):
        client.check_access()
    assert wire.requests == []


def test_threads_that_are_refused_together_log_in_once(tmp_path: Path) -> None:
    """One renewal serves all; the token that it replaces is on disk before it is used."""
    together = threading.Barrier(4)
    kept = []

    def expired() -> Any:
        together.wait(30)
        return 401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}]

    def limits() -> Any:
        kept.append(store(tmp_path).newest())
        return 200, {}

    way = RefreshToken(URL, "app", None, store(tmp_path))
    replies = [token(), *[expired] * 4, token("second"), *[limits] * 4]
    client, wire = make_client(*replies, authenticator=way)
    client.log_in()
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(client.check_access) for _ in range(4)]:
            done.result()

    assert kept == ["second"] * 4
    assert (client.traffic.refreshes, client.traffic.refreshed) == (1, 1)
    assert sum(b"grant_type=refresh_token" in body for body in wire.bodies) == 2
