"""Login by a refresh token.

https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_refresh_token_flow.htm
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.login.token_endpoint import InvalidGrantError, ask_for_token
from target_salesforce_bulk.salesforce.auth import Authenticator, Session

if TYPE_CHECKING:
    from target_salesforce_bulk.login.token_endpoint import TokenReply
    from target_salesforce_bulk.login.token_store import TokenStore
    from target_salesforce_bulk.salesforce.transport import Transport

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RefreshToken(Authenticator):
    """A refresh token that a user granted to the app.

    Where the org rotates refresh tokens, each response contains a new one and revokes the old one.
    So the new one is saved before it is used, and of the processes that share a state directory one
    logs in at a time.
    """

    login_url: str
    client_id: str
    client_secret: str | None = field(repr=False)
    store: TokenStore = field(repr=False)

    def login(self, transport: Transport, *, refused: str | None) -> Session:
        """Ask for a token, and keep the refresh token that may have come with it."""
        with self.store.locked():
            sent = self.store.newest()
            try:
                reply = self._ask(transport, sent)
            except InvalidGrantError:
                # A process that does not share the lock, such as one on another machine, may have
                # replaced it.
                sent, stale = self.store.newest(), sent
                if sent == stale:
                    raise
                logger.warning(
                    "The refresh token was replaced meanwhile; the new one is used",
                    extra=log_facts(LogCode.REFRESH_TOKEN_REPLACED),
                )
                reply = self._ask(transport, sent)
            if reply.refresh_token and reply.refresh_token != sent:
                self.store.save(reply.refresh_token)
        return reply.session

    def _ask(self, transport: Transport, token: str) -> TokenReply:
        form = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "refresh_token": token,
        }
        if self.client_secret:
            form["client_secret"] = self.client_secret
        return ask_for_token(transport, self.login_url, form)
