"""Objects with one record, of the org or of the user: every user may read it, no job changes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator.org.behaviour import Behaviour

_QUERY = re.compile(
    r"\s*SELECT\s+(?P<fields>\w+(?:\s*,\s*\w+)*)\s+FROM\s+"
    r"(?P<object>Organization|UserPermissionAccess)(?:\s+LIMIT\s+[1-9]\d*)?\s*",
    re.IGNORECASE,
)


def find_single_record(
    soql: str, org_id: str, behaviour: Behaviour
) -> tuple[str, str, dict[str, Any]] | None:
    """The object, the Id and the selected fields of its record; None for other queries.

    Raises:
        RefusalError: the object has no such field.
    """
    match = _QUERY.fullmatch(soql)
    if match is None:
        return None
    records: dict[str, dict[str, Any]] = {
        "Organization": {"Id": org_id, "IsSandbox": behaviour.sandbox},
        "UserPermissionAccess": {
            "Id": "000000000000000AAA",
            "PermissionsApiEnabled": True,
            "PermissionsBulkApiHardDelete": behaviour.hard_delete_allowed,
            "PermissionsViewSetup": behaviour.limits_visible,
        },
    }
    sobject = next(name for name in records if name.lower() == match["object"].lower())
    known = {name.lower(): name for name in records[sobject]}
    selected = [name.strip() for name in match["fields"].split(",")]
    for name in selected:
        if name.lower() not in known:
            raise RefusalError("INVALID_FIELD", f"No such column '{name}' on entity '{sobject}'.")
    names = [known[name.lower()] for name in selected]
    return sobject, records[sobject]["Id"], {name: records[sobject][name] for name in names}
