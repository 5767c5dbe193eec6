"""A token that is given."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.errors import AuthenticationError
from target_salesforce_bulk.login.access_token import AccessToken
from target_salesforce_bulk.salesforce.auth import Session

NO_TRANSPORT: Any = None
LOGIN = AccessToken("00D!x", "https://acme.my.salesforce.com")


def test_it_is_used_as_it_is() -> None:
    """No request is sent."""
    assert LOGIN.login(NO_TRANSPORT, refused=None) == Session(
        access_token="00D!x", instance_url="https://acme.my.salesforce.com"
    )
    assert "00D!x" not in repr(LOGIN)


def test_it_cannot_be_renewed() -> None:
    """The error says so, without the token."""
    with pytest.raises(AuthenticationError, match="cannot be renewed") as caught:
        LOGIN.login(NO_TRANSPORT, refused="00D!x")
    assert "00D!x" not in str(caught.value)
