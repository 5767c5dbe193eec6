"""Login by username and password.

https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_username_password_flow.htm
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.login.token_endpoint import ask_for_token
from target_salesforce_bulk.salesforce.auth import Authenticator, Session

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.transport import Transport

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Password(Authenticator):
    """A user's password, with the security token at its end where the org asks for one."""

    login_url: str
    client_id: str
    client_secret: str = field(repr=False)
    username: str
    password: str = field(repr=False)

    def login(self, transport: Transport, *, refused: str | None) -> Session:
        """Ask for a token."""
        if refused is None:
            logger.warning(
                "Salesforce ends logins by password on 2027-02-20. Change to client credentials "
                "or JWT before then; see docs/login.md",
                extra=log_facts(LogCode.PASSWORD_LOGIN_ENDS),
            )
        return ask_for_token(transport, self.login_url, self._form()).session

    def _form(self) -> dict[str, str]:
        return {
            "grant_type": "password",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "username": self.username,
            "password": self.password,
        }
