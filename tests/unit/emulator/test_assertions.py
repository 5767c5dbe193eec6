"""JWTs, as the org checks them."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from key_pairs import certificate_pem, public_pem, rsa_key

from target_salesforce_bulk.emulator.org.assertions import username_of
from target_salesforce_bulk.emulator.org.refusal import OAuthError

ORG = "http://127.0.0.1:8090"


def signed(number: int = 0, **changes: Any) -> str:
    claims = {"iss": "app", "sub": "ann@a.com", "aud": ORG, "exp": int(time.time()) + 60}
    return jwt.encode(claims | changes, rsa_key(number), algorithm="RS256")


@pytest.mark.parametrize("certificates", [[certificate_pem()], [public_pem(1), public_pem()]])
@pytest.mark.parametrize("audience", [ORG, "https://login.salesforce.com"])
def test_a_valid_jwt(certificates: list[str], audience: str) -> None:
    """Signed for one of the certificates or keys, for this org or a login host."""
    assert username_of(signed(aud=audience), "app", certificates, ORG) == "ann@a.com"


@pytest.mark.parametrize(
    ("assertion", "error"),
    [
        (signed(number=1), ("invalid_grant", "invalid assertion")),
        ("x.y.z", ("invalid_grant", "invalid assertion")),
        (
            jwt.encode({"iss": "app"}, "k" * 40, algorithm="HS256"),
            ("invalid_grant", "invalid assertion"),
        ),
        (signed(iss="other"), ("invalid_client_id", "client identifier invalid")),
        (signed(aud="https://evil.example"), ("invalid_grant", "audience is invalid")),
        (signed(exp=1), ("invalid_grant", "expired authorization code")),
        (signed(exp=int(time.time()) + 9_999), ("invalid_grant", "expired authorization code")),
    ],
    ids=["other key", "no JWT", "HS256", "other app", "other audience", "expired", "too long"],
)
def test_a_refused_jwt(assertion: str, error: tuple[str, str]) -> None:
    """With Salesforce's words."""
    with pytest.raises(OAuthError) as caught:
        username_of(assertion, "app", [certificate_pem()], ORG)

    assert (caught.value.error, caught.value.description) == error
