"""JWTs of the JWT bearer flow.

https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from target_salesforce_bulk.emulator.org.refusal import OAuthError

if TYPE_CHECKING:
    from collections.abc import Collection

_LOGIN_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")
#: How far in the future a JWT may expire.
_LONGEST_SECONDS = 300


def username_of(
    assertion: str, client_id: str, certificates: Collection[str], audience: str
) -> str:
    """The user whom a valid JWT names.

    Args:
        assertion: The JWT.
        client_id: Of the app; it must be the issuer.
        certificates: Certificates or public keys of the app, in PEM form.
        audience: The address of this org, beside those of Salesforce's login hosts.

    Raises:
        OAuthError: it is not signed for one of the certificates, or what it claims is not accepted.
    """
    claims = _verified(assertion, certificates)
    if claims.get("iss") != client_id:
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if claims.get("aud") not in {*_LOGIN_HOSTS, audience}:
        raise OAuthError("invalid_grant", "audience is invalid")
    expires, now = claims.get("exp"), time.time()
    if not isinstance(expires, int) or not now < expires <= now + _LONGEST_SECONDS:
        raise OAuthError("invalid_grant", "expired authorization code")
    return str(claims.get("sub", ""))


def _verified(assertion: str, certificates: Collection[str]) -> dict[str, Any]:
    """The claims, of which only the signature has been checked."""
    unchecked: Any = {"verify_exp": False, "verify_aud": False}
    for pem in certificates:
        try:
            return jwt.decode(assertion, _public_key(pem), algorithms=["RS256"], options=unchecked)
        except jwt.InvalidTokenError:
            continue
    raise OAuthError("invalid_grant", "invalid assertion")


def _public_key(pem: str) -> Any:
    if "BEGIN CERTIFICATE" in pem:
        return load_pem_x509_certificate(pem.encode()).public_key()
    return load_pem_public_key(pem.encode())
