"""Login by a JWT that the app's private key signs.

https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import jwt

from target_salesforce_bulk.login.token_endpoint import ask_for_token
from target_salesforce_bulk.redaction import conceal
from target_salesforce_bulk.salesforce.auth import Authenticator, Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from target_salesforce_bulk.salesforce.transport import Transport

#: Salesforce refuses a JWT that is valid for much longer.
_VALID_SECONDS = 180


@dataclass(frozen=True, slots=True)
class JwtBearer(Authenticator):
    """A user who pre-authorized the app, or whose administrator did; each login needs a new JWT.

    `login_url` is the audience as well, so it must be the login host that Salesforce expects there.
    """

    login_url: str
    client_id: str
    username: str
    key: RSAPrivateKey = field(repr=False)
    #: The time, in seconds since 1970.
    clock: Callable[[], float] = time.time

    def login(self, transport: Transport, *, refused: str | None) -> Session:
        """Ask for a token."""
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": self._assertion(),
        }
        return ask_for_token(transport, self.login_url, form).session

    def _assertion(self) -> str:
        claims = {
            "iss": self.client_id,
            "sub": self.username,
            "aud": self.login_url,
            "exp": int(self.clock()) + _VALID_SECONDS,
        }
        assertion = jwt.encode(claims, self.key, algorithm="RS256")
        conceal(assertion)
        return assertion
