"""The user and the org of a session, as far as Salesforce tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import RequestError, ResponseError
from target_salesforce_bulk.salesforce.answer import printable
from target_salesforce_bulk.salesforce.single_record import read_single_record

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.client import Client

_UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionInfo:
    """What is known of a session; empty texts where Salesforce does not tell."""

    user: str
    org_id: str
    #: `sandbox` or `production`.
    kind: str
    url: str
    scopes: str

    def labelled(self, *, method: str, api_version: str) -> dict[str, str]:
        """All of it for people, by label.

        Args:
            method: How the session was got.
            api_version: Such as `67.0`.
        """
        return {
            "User": self.user or _UNKNOWN,
            "Org": self.org_id,
            "Kind of org": self.kind or _UNKNOWN,
            "URL": self.url,
            "API version": api_version,
            "Scopes": self.scopes or _UNKNOWN,
            "Login": method,
        }


def find_session(client: Client) -> SessionInfo:
    """What is known of the session of a connection.

    Raises:
        SalesforceError: the login or the session is refused.
    """
    return SessionInfo(
        user=_user(client),
        org_id=client.org_id,
        kind=_kind(client),
        url=client.instance_url,
        scopes=" ".join(client.scopes),
    )


def _user(client: Client) -> str:
    found = _userinfo(client).get("preferred_username")
    return printable(found) if isinstance(found, str) else ""


def _userinfo(client: Client) -> dict[str, Any]:
    """The user; empty where the app lacks the scope for it."""
    try:
        return client.get_object("/services/oauth2/userinfo")
    except (RequestError, ResponseError):
        return {}


def _kind(client: Client) -> str:
    # https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_organization.htm
    is_sandbox = read_single_record(client, "Organization", "IsSandbox").get("IsSandbox")
    if not isinstance(is_sandbox, bool):
        return ""
    return "sandbox" if is_sandbox else "production"
