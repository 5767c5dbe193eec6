"""Login by an access token or session id that the user got elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import AuthenticationError
from target_salesforce_bulk.salesforce.auth import Authenticator, Session
from target_salesforce_bulk.salesforce.org_id import org_of_token

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.transport import Transport


@dataclass(frozen=True, slots=True)
class AccessToken(Authenticator):
    """An access token or session id that somebody else got; it cannot be renewed."""

    access_token: str = field(repr=False)
    instance_url: str

    def login(self, transport: Transport, *, refused: str | None) -> Session:
        """The session as it is."""
        if refused is not None:
            raise AuthenticationError(
                "Salesforce does not accept access_token. It may have expired; an access token "
                "cannot be renewed. Set a new one, or log in with client_id and client_secret or "
                "a refresh_token."
            )
        return Session(
            access_token=self.access_token,
            instance_url=self.instance_url,
            org_id=org_of_token(self.access_token),
        )
