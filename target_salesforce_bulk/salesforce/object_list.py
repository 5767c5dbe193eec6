"""The objects of an org, by name and label.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_describeGlobal.htm
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import ResponseError

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.client import Client


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedObject:
    """An object as the list of all objects has it."""

    name: str
    label: str = ""
    #: Whether this user may create or change records.
    writable: bool = True

    @classmethod
    def from_json(cls, body: Any) -> ListedObject:
        """Read one of the list's `sobjects`.

        Raises:
            ResponseError: it has no name.
        """
        name = body.get("name") if isinstance(body, dict) else None
        if not isinstance(name, str):
            raise ResponseError("Salesforce sent a list of objects in an unknown format.")
        return cls(
            name=name,
            label=str(body.get("label") or ""),
            writable=body.get("createable") is True or body.get("updateable") is True,
        )


def list_objects(client: Client) -> tuple[ListedObject, ...]:
    """The objects that this user can see, by one request.

    Raises:
        ResponseError: the response cannot be understood.
        SalesforceError: as for `Client.request`.
    """
    found = client.get_object("/sobjects").get("sobjects")
    if not isinstance(found, list):
        raise ResponseError("Salesforce sent a list of objects in an unknown format.")
    return tuple(map(ListedObject.from_json, found))
