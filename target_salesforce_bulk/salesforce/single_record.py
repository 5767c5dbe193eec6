"""Objects that have one record, of the org or of the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import LimitExceededError, RequestError, ResponseError

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.client import Client


def read_single_record(client: Client, sobject: str, field: str) -> dict[str, Any]:
    """The only record of an object; empty if this user may not read it.

    Raises:
        SalesforceError: the session is refused, or the org answers no more requests today.
    """
    try:
        soql = f"SELECT {field} FROM {sobject}"  # noqa: S608 - our own names
        answer = client.get_object("/query", {"q": soql})
    except LimitExceededError:
        raise
    except (RequestError, ResponseError):
        return {}
    records = answer.get("records")
    first = records[0] if isinstance(records, list) and records else None
    return first if isinstance(first, dict) else {}


def has_permission(client: Client, name: str) -> bool | None:
    """Whether the user has a system permission; None where Salesforce does not tell.

    Args:
        client: The connection.
        name: Such as `BulkApiHardDelete`.

    Raises:
        SalesforceError: the session is refused, or the org answers no more requests today.
    """
    # https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_userpermissionaccess.htm
    field = f"Permissions{name}"
    found = read_single_record(client, "UserPermissionAccess", field).get(field)
    return found if isinstance(found, bool) else None
