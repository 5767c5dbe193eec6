"""What the client needs from a login.

Token responses contain no lifetime, so a session is renewed when it is refused, not before.
https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flows.htm
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.transport import Transport


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """Access to one org."""

    access_token: str = field(repr=False)
    instance_url: str
    #: 18 characters; None if the login does not provide it.
    org_id: str | None = None
    #: What the token may be used for; empty if the login does not say.
    scopes: tuple[str, ...] = ()


class Authenticator(ABC):
    """A way to log in."""

    @abstractmethod
    def login(self, transport: Transport, *, refused: str | None) -> Session:
        """Log in.

        Args:
            transport: Sends the requests.
            refused: The access token that Salesforce no longer accepts; None for the first login.

        Raises:
            AuthenticationError: Salesforce refuses the login.
            UnreachableError: no response arrived.
        """
