"""`logout`: revokes a refresh token, and deletes it from the store whatever the answer.

https://help.salesforce.com/s/articleView?id=sf.remoteaccess_revoke_token.htm
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import AuthenticationError, SalesforceError
from target_salesforce_bulk.login.address import check_address
from target_salesforce_bulk.login.connect import retry_policy
from target_salesforce_bulk.login.token_store import token_store
from target_salesforce_bulk.salesforce.exchange import Request
from target_salesforce_bulk.salesforce.meter import Meter
from target_salesforce_bulk.salesforce.transport import Transport

if TYPE_CHECKING:
    import requests

    from target_salesforce_bulk.settings import Settings


def log_out(settings: Settings, adapter: requests.adapters.BaseAdapter | None = None) -> bool:
    """Revoke the stored refresh token and delete it; False if none is stored.

    Args:
        settings: As for a run with the stored login.
        adapter: Sends the request, for tests without a network.

    Raises:
        AuthenticationError: it was deleted, but Salesforce did not revoke it; or the system's
            keyring does not give it.
        StateDirectoryError: it cannot be deleted.
    """
    login_url, store = check_address(settings.login_url, "login_url"), token_store(settings)
    with store.locked():
        token = store.stored()
        if not token:
            store.delete()  # it may name a token that the keyring no longer has
            return False
        try:
            problem = _revoke(_transport(settings, adapter), login_url, token)
        finally:
            store.delete()
    if problem:
        raise AuthenticationError(
            f"The refresh token was deleted here, but {login_url} did not revoke it: {problem}. "
            "Revoke it in Salesforce, in the user's OAuth connected apps."
        )
    return True


def _revoke(transport: Transport, login_url: str, token: str) -> str:
    """Ask Salesforce to revoke a token; why it did not, or nothing."""
    # In the body, because a query would stand in the logs of proxies.
    request = Request(
        method="POST",
        url=f"{login_url}/services/oauth2/revoke",
        repeatable=True,
        body=lambda: {"token": token},
    )
    try:
        answer = transport.send(request)
    except SalesforceError as error:
        return str(error).rstrip(".")
    if answer.status == 200:
        return ""
    return ", ".join(filter(None, answer.error)) or f"HTTP {answer.status}"


def _transport(settings: Settings, adapter: requests.adapters.BaseAdapter | None) -> Transport:
    return Transport(
        policy=retry_policy(settings),
        timeout_seconds=settings.request_timeout_seconds,
        sleep=time.sleep,
        meter=Meter(),
        adapter=adapter,
    )
