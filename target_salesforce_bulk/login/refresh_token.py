"""Login by a refresh token.

https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_refresh_token_flow.htm
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from target_salesforce_bulk.login.token_endpoint import ask_for_token
from target_salesforce_bulk.salesforce.auth import Authenticator, Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.salesforce.transport import Transport


@dataclass(slots=True)
class RefreshToken(Authenticator):
    """A refresh token that a user granted to the app.

    Where the org rotates refresh tokens, each reply brings a new one and kills the old one, so the
    new one is saved before it is used.
    """

    login_url: str
    client_id: str
    client_secret: str | None = field(repr=False)
    refresh_token: str = field(repr=False)
    save: Callable[[str], None] = field(repr=False)

    def _form(self) -> dict[str, str]:
        form = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "refresh_token": self.refresh_token,
        }
        return form | ({"client_secret": self.client_secret} if self.client_secret else {})

    def login(self, transport: Transport, *, refused: str | None) -> Session:
        """Ask for a token, and keep the refresh token that may have come with it."""
        reply = ask_for_token(transport, self.login_url, self._form())
        rotated = reply.refresh_token
        if rotated and rotated != self.refresh_token:
            self.save(rotated)
            self.refresh_token = rotated
        return reply.session
