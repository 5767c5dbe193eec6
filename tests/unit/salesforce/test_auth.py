"""A session is printed without its token."""

from __future__ import annotations

from target_salesforce_bulk.salesforce.auth import Session


def test_the_token_is_not_printed() -> None:
    """A session in a message or a log shows its URL only."""
    session = Session(access_token="very-secret", instance_url="https://acme.my.salesforce.com")

    assert repr(session) == (
        "Session(instance_url='https://acme.my.salesforce.com', org_id=None, scopes=())"
    )
