"""What a draft changes in the settings of its stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.editor.draft import State
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_salesforce_bulk.editor.draft import StreamDraft
    from target_salesforce_bulk.editor.stream import SampledStream
    from target_salesforce_bulk.salesforce.sobject import SObject
    from target_salesforce_bulk.settings import StreamSettings


def is_written(draft: StreamDraft) -> bool:
    """Whether something is decided, so that the stream belongs into the file."""
    decided = any(each.state.is_decided for each in draft.columns.values())
    return draft.object is not None and (decided or bool(draft.constants))


def entry_of(
    stream: SampledStream,
    draft: StreamDraft,
    sobject: SObject,
    old: Mapping[str, Any] | None,
    effective: StreamSettings,
) -> dict[str, Any]:
    """The settings to write, of which None removes one.

    Args:
        stream: The stream.
        draft: Its mapping.
        sobject: Its object.
        old: Its entry in the file; None if it has none. What that leaves to a default stays so.
        effective: What holds for the stream now.
    """
    mapping = draft.field_mapping(decided=True) | _kept_out(stream, draft, sobject)
    removed = dict.fromkeys((old or {}).get("field_mapping") or {})
    found: dict[str, Any] = {"object": draft.object}
    if old is None or draft.operation != effective.operation:
        found["operation"] = draft.operation.value
    if draft.operation is Operation.INSERT or draft.key is None:
        found["external_id_field"] = None
    elif old is None or draft.key != (effective.external_id_field or _implied_key(stream, mapping)):
        found["external_id_field"] = draft.key
    return found | {"field_mapping": removed | mapping}


def _implied_key(stream: SampledStream, mapping: Mapping[str, Any]) -> Any:
    """The field of the stream's only key property."""
    target = mapping.get(stream.key_properties[0]) if len(stream.key_properties) == 1 else None
    return target["field"] if isinstance(target, dict) else target


def _kept_out(stream: SampledStream, draft: StreamDraft, sobject: SObject) -> dict[str, str]:
    """Columns that the page shows without a field, though `auto_map` would give them one."""
    plain = {_plain(each.name) for each in sobject.fields}
    return {
        name: ""
        for name, each in draft.columns.items()
        if each.state is State.OPEN and name in stream.properties and _plain(name) in plain
    }


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
