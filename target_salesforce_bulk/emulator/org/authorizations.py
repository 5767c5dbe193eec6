"""What users grant to the app in a browser: consents, and the one-time codes that they bring.

https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_web_server_flow.htm
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from target_salesforce_bulk.emulator.org.refusal import OAuthError

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator.org.behaviour import Behaviour


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """What an app asks a user for."""

    redirect_uri: str
    state: str
    code_challenge: str


class Authorizations:
    """Requests that wait for a user's answer, and codes that wait for the app; thread-safe.

    Args:
        client_id: Consumer key of the app.
        behaviour: Holds the callback URL that is registered for it.
    """

    def __init__(self, client_id: str, behaviour: Behaviour) -> None:
        self._client_id = client_id
        self._behaviour = behaviour
        self._mutex = threading.Lock()
        self._asked: dict[str, Authorization] = {}
        self._codes: dict[str, Authorization] = {}

    def check_app(self, form: dict[str, str]) -> None:
        """Check who asks, and where the answer would go.

        Raises:
            OAuthError: a browser must not be sent there.
        """
        if form.get("client_id") != self._client_id:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if not fnmatchcase(form.get("redirect_uri", ""), self._behaviour.callback_url):
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")

    def ask(self, form: dict[str, str]) -> str:
        """Keep a request until the user answers; its name, which nobody guesses.

        Raises:
            OAuthError: the app asks for something else than a code, or without PKCE.
        """
        if form.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "response type not supported")
        if form.get("code_challenge_method") != "S256" or not form.get("code_challenge"):
            raise OAuthError("invalid_request", "missing required code challenge")
        name = secrets.token_urlsafe(24)
        with self._mutex:
            self._asked[name] = Authorization(
                redirect_uri=form["redirect_uri"],
                state=form.get("state", ""),
                code_challenge=form["code_challenge"],
            )
        return name

    def answer(self, name: str) -> Authorization:
        """End a request that a user has answered.

        Raises:
            OAuthError: there is none of this name.
        """
        with self._mutex:
            found = self._asked.pop(name, None)
        if found is None:
            raise OAuthError("invalid_request", "this request was answered already")
        return found

    def issue_code(self, granted: Authorization) -> str:
        """A code with which the app gets its tokens, once."""
        code = f"aPrx{secrets.token_urlsafe(50)}"
        with self._mutex:
            self._codes[code] = granted
        return code

    def redeem(self, form: dict[str, str]) -> None:
        """Use up the code of a token request.

        Raises:
            OAuthError: it was used before, or somebody else brings it.
        """
        with self._mutex:
            granted = self._codes.pop(form.get("code", ""), None)
        if granted is None:
            raise OAuthError("invalid_grant", "expired authorization code")
        if form.get("redirect_uri") != granted.redirect_uri:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if challenge_of(form.get("code_verifier", "")) != granted.code_challenge:
            raise OAuthError("invalid_grant", "invalid code verifier")


def challenge_of(verifier: str) -> str:
    """The challenge of a code verifier, by S256 (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
