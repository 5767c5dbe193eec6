"""The web server flow with PKCE: what the browser is sent to, and what comes back is exchanged for.

https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_web_server_flow.htm
https://www.rfc-editor.org/rfc/rfc7636 (PKCE)
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from target_salesforce_bulk.errors import AuthenticationError
from target_salesforce_bulk.login.token_endpoint import ask_for_token
from target_salesforce_bulk.redaction import conceal
from target_salesforce_bulk.salesforce.auth import Authenticator, Session

if TYPE_CHECKING:
    from target_salesforce_bulk.login.token_store import TokenStore
    from target_salesforce_bulk.salesforce.transport import Transport

#: The least that a load needs: the API, and a refresh token.
_SCOPES = "api refresh_token"


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """What a user is asked for; each has secrets of its own."""

    login_url: str
    client_id: str
    redirect_uri: str
    #: Returned with the answer; shows that it belongs to this question.
    state: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(32))
    #: Shows Salesforce that who brings the code is who asked for it.
    verifier: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(64))

    @property
    def url(self) -> str:
        """The address to open in a browser."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": _SCOPES,
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self.login_url}/services/oauth2/authorize?{urlencode(query)}"


@dataclass(frozen=True, slots=True)
class AuthorizationCode(Authenticator):
    """A code that a user granted in the browser; it can be exchanged once, for lasting access."""

    authorization: Authorization
    code: str = field(repr=False)
    client_secret: str | None = field(repr=False)
    store: TokenStore = field(repr=False)

    def login(self, transport: Transport, *, refused: str | None) -> Session:
        """Exchange the code, and store the refresh token before anything is sent with the other."""
        if refused is not None:
            raise AuthenticationError("Salesforce refuses the session of this login. Log in again.")
        for secret in (self.code, self.authorization.verifier):
            conceal(secret)
        with self.store.locked():
            reply = ask_for_token(transport, self.authorization.login_url, self._form())
            if not reply.refresh_token:
                raise AuthenticationError(
                    "Salesforce returned no refresh token, so a later run could not log in. Add "
                    "the scope refresh_token (Perform requests at any time) to the app."
                )
            self.store.save(reply.refresh_token)
        return reply.session

    def _form(self) -> dict[str, str]:
        form = {
            "grant_type": "authorization_code",
            "client_id": self.authorization.client_id,
            "code": self.code,
            "redirect_uri": self.authorization.redirect_uri,
            "code_verifier": self.authorization.verifier,
        }
        return form | ({"client_secret": self.client_secret} if self.client_secret else {})
