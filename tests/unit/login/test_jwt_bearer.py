"""The app's key signs the login."""

from __future__ import annotations

import time
from urllib.parse import parse_qs

import jwt
from key_pairs import rsa_key
from wire import URL, make_client

from target_salesforce_bulk.login.jwt_bearer import JwtBearer
from target_salesforce_bulk.redaction import redacted

TOKEN = (200, {"access_token": "00D!x", "instance_url": URL})
EXPIRED = (401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}])


def form(body: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def test_the_claims_are_signed() -> None:
    """By RS256, for the login host, and valid for three minutes."""
    now = int(time.time())
    login = JwtBearer(URL, "app", "ann@acme.com", rsa_key(), clock=lambda: now)
    client, wire = make_client(TOKEN, (200, {}), authenticator=login)
    client.check_access()
    sent = form(wire.bodies[0])
    claims = jwt.decode(
        sent["assertion"], rsa_key().public_key(), algorithms=["RS256"], audience=URL
    )

    assert sent.keys() == {"grant_type", "assertion"}
    assert sent["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert claims == {"iss": "app", "sub": "ann@acme.com", "aud": URL, "exp": now + 180}
    assert redacted(f"the JWT {sent['assertion']}") == "the JWT ***"


def test_a_session_that_ends_needs_a_new_jwt() -> None:
    """It is made at that time."""
    times = iter([1_000, 5_000])
    login = JwtBearer(URL, "app", "ann@acme.com", rsa_key(), clock=lambda: next(times))
    renewed = (200, {"access_token": "00D!y", "instance_url": URL})
    client, wire = make_client(TOKEN, EXPIRED, renewed, (200, {}), authenticator=login)
    client.check_access()
    assertions = [form(wire.bodies[place])["assertion"] for place in (0, 2)]
    expiries = [jwt.decode(each, options={"verify_signature": False}) for each in assertions]

    assert [each["exp"] for each in expiries] == [1_180, 5_180]
    assert wire.requests[3].headers["Authorization"] == "Bearer 00D!y"
