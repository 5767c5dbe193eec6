"""Login by the client credentials flow.

https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_client_credentials_flow.htm
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from target_salesforce_bulk.login.token_endpoint import ask_for_token
from target_salesforce_bulk.salesforce.auth import Authenticator, Session

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.transport import Transport


@dataclass(frozen=True, slots=True)
class ClientCredentials(Authenticator):
    """The app logs in as its Run As user; only the org's My Domain address takes this."""

    login_url: str
    client_id: str
    client_secret: str = field(repr=False)

    def login(self, transport: Transport, *, refused: str | None) -> Session:
        """Ask for a token."""
        return ask_for_token(transport, self.login_url, self._form()).session

    def _form(self) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
