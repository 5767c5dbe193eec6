"""Tokens: who may come in, and for how long.

Answers as recorded: no `expires_in`, `issued_at` as text in milliseconds.
"""

from __future__ import annotations

import base64
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator.org.faults import Behaviour

ORG_ID = "00D5g000004EmuLEAS"


class OAuthError(Exception):
    """A refusal by the token endpoint."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


class Tokens:
    """The app's credentials and the tokens that are valid; safe to call from any thread."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._mutex = threading.Lock()
        self.client_id = f"3MVG9{secrets.token_urlsafe(40)}"
        self.client_secret = secrets.token_hex(32).upper()
        self.username = "admin@emulator.example"
        self.password = secrets.token_urlsafe(12)
        self._access: set[str] = set()
        self._refresh: set[str] = set()
        self.access_token = self._new_access()
        self.refresh_token = self._new_refresh()

    def _new_access(self) -> str:
        token = f"{ORG_ID[:15]}!{secrets.token_urlsafe(60)}"
        self._access.add(token)
        return token

    def _new_refresh(self) -> str:
        token = f"5Aep{secrets.token_urlsafe(50)}"
        self._refresh.add(token)
        return token

    def is_valid(self, authorization: str) -> bool:
        """Whether an Authorization header lets somebody in."""
        kind, _, token = authorization.partition(" ")
        with self._mutex:
            return kind.lower() in {"bearer", "oauth"} and token in self._access

    def expire(self) -> None:
        """Let no access token that was given so far be valid any more."""
        with self._mutex:
            self._access.clear()

    def revoke(self, token: str) -> None:
        """Let one token not be valid any more."""
        with self._mutex:
            self._access.discard(token)
            self._refresh.discard(token)

    def grant(self, form: dict[str, str], authorization: str, url: str) -> dict[str, Any]:
        """Answer a token request.

        Raises:
            OAuthError: it is refused.
        """
        form = _with_basic(form, authorization)
        with self._mutex:
            match form.get("grant_type"):
                case "client_credentials":
                    self._check_client(form)
                    return self._reply(url)
                case "refresh_token":
                    self._check_client(form, secret_optional=True)
                    return self._refreshed(form, url)
                case "password":
                    self._check_client(form)
                    if (form.get("username"), form.get("password")) != (
                        self.username,
                        self.password,
                    ):
                        raise OAuthError("invalid_grant", "authentication failure")
                    return self._reply(url)
        raise OAuthError("unsupported_grant_type", "grant type not supported")

    def _check_client(self, form: dict[str, str], *, secret_optional: bool = False) -> None:
        if form.get("client_id") != self.client_id:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        secret = form.get("client_secret")
        if secret is None and secret_optional:
            return
        if secret != self.client_secret:
            raise OAuthError("invalid_client", "invalid client credentials")

    def _refreshed(self, form: dict[str, str], url: str) -> dict[str, Any]:
        token = form.get("refresh_token", "")
        if token not in self._refresh:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        reply = self._reply(url)
        if self._behaviour.rotate_refresh_tokens:
            self._refresh.discard(token)
            reply["refresh_token"] = self._new_refresh()
        return reply

    def _reply(self, url: str) -> dict[str, Any]:
        return {
            "access_token": self._new_access(),
            "instance_url": url,
            "id": f"{url}/id/{ORG_ID}/0055g00000000001AA",
            "token_type": "Bearer",
            "issued_at": str(int(time.time() * 1000)),
            "signature": base64.b64encode(secrets.token_bytes(32)).decode(),
            "scope": "api refresh_token",
        }


def _with_basic(form: dict[str, str], authorization: str) -> dict[str, str]:
    """The client's credentials may come in the form or as HTTP Basic."""
    kind, _, encoded = authorization.partition(" ")
    if kind.lower() != "basic":
        return form
    try:
        client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
    except ValueError:
        return form
    return form | {"client_id": client_id, "client_secret": secret}
