"""`whoami`: the user and the org of a session, as far as Salesforce tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import RequestError, ResponseError
from target_salesforce_bulk.salesforce.answer import printable

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.client import Client

_UNKNOWN = "unknown"


def describe_session(client: Client, *, method: str, api_version: str) -> dict[str, str]:
    """What is known of a session, by label.

    Args:
        client: The connection.
        method: How it logs in.
        api_version: Such as `67.0`.

    Raises:
        SalesforceError: the login or the session is refused.
    """
    return {
        "User": _user(client),
        "Org": client.org_id,
        "Kind of org": _kind(client),
        "URL": client.instance_url,
        "API version": api_version,
        "Scopes": " ".join(client.scopes) or _UNKNOWN,
        "Login": method,
    }


def _user(client: Client) -> str:
    # The app may lack the scope for it.
    found = _asked(client, "/services/oauth2/userinfo", {}).get("preferred_username")
    return printable(found) if isinstance(found, str) else _UNKNOWN


def _kind(client: Client) -> str:
    # https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_organization.htm
    answer = _asked(client, "/query", {"q": "SELECT IsSandbox FROM Organization"})
    records = answer.get("records")
    first = records[0] if isinstance(records, list) and records else None
    is_sandbox = first.get("IsSandbox") if isinstance(first, dict) else None
    if not isinstance(is_sandbox, bool):
        return _UNKNOWN
    return "sandbox" if is_sandbox else "production"


def _asked(client: Client, path: str, params: dict[str, str]) -> dict[str, Any]:
    """An answer that not every user or app may have; empty if it is refused."""
    try:
        return client.get_object(path, params)
    except (RequestError, ResponseError):
        return {}
