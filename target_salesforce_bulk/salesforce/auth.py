"""What a client needs to be logged in.

Token replies tell no lifetime, so a session is renewed when it is refused, not before.
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
    #: With 18 characters; None where the login does not tell it.
    org_id: str | None = None


class Authenticator(ABC):
    """A way to get a session."""

    @abstractmethod
    def login(self, transport: Transport, *, refused: str | None) -> Session:
        """Get a session.

        Args:
            transport: Sends requests.
            refused: The access token that Salesforce does not take any more; None at first.

        Raises:
            AuthenticationError: Salesforce says no.
            UnreachableError: it says nothing.
        """
