"""The app logs in as itself."""

from __future__ import annotations

from wire import URL, make_client

from target_salesforce_bulk.login.client_credentials import ClientCredentials

LOGIN = ClientCredentials(URL, "app", "very-secret")


def test_the_app_sends_its_own_credentials() -> None:
    """And its requests carry the token that comes back."""
    token = (200, {"access_token": "00D!x", "instance_url": URL})
    client, wire = make_client(token, (200, {}), authenticator=LOGIN)

    client.check_access()

    assert wire.bodies[0] == (
        b"grant_type=client_credentials&client_id=app&client_secret=very-secret"
    )
    assert wire.requests[1].headers["Authorization"] == "Bearer 00D!x"
    assert "very-secret" not in repr(LOGIN)
