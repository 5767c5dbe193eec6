"""The draft that the page begins with: what the file has, and suggestions for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.editor.columns import is_key
from target_salesforce_bulk.editor.draft import ColumnDraft, Constant, State, StreamDraft
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_salesforce_bulk.editor.stream import SampledStream
    from target_salesforce_bulk.mapping.suggest.suggestion import Suggestion
    from target_salesforce_bulk.salesforce.sobject import SObject
    from target_salesforce_bulk.settings import StreamSettings


def first_draft(
    stream: SampledStream,
    found: Suggestion,
    sobject: SObject | None,
    written: StreamSettings | None = None,
) -> StreamDraft:
    """A draft of a stream.

    Args:
        stream: The stream.
        found: What is suggested for it.
        sobject: The object of the draft; None if none fits.
        written: What the file says of the stream, which goes before what is suggested; None if it
            does not name the stream.
    """
    mapping = (None if written is None else written.field_mapping) or {}
    columns, constants = _written(stream, mapping)
    fields = [*(each.field for each in columns.values()), *(each.field for each in constants)]
    taken = {each.lower() for each in fields if each}
    for name in stream.properties:
        suggested = found.fields[name].field if name in found.fields else None
        if name in columns:
            continue
        if suggested and suggested.lower() not in taken:
            columns[name] = ColumnDraft(field=suggested, state=State.SUGGESTED)
        else:
            columns[name] = ColumnDraft()
    operation = _operation(found, written)
    return StreamDraft(
        object=None if sobject is None else sobject.name,
        operation=operation,
        key=_key(stream, found, sobject, columns, operation, written),
        columns=columns,
        constants=tuple(constants),
    )


def _operation(found: Suggestion, written: StreamSettings | None) -> Operation:
    if written is not None:
        return written.operation
    return found.operation or Operation.UPSERT


def _key(
    stream: SampledStream,
    found: Suggestion,
    sobject: SObject | None,
    columns: Mapping[str, ColumnDraft],
    operation: Operation,
    written: StreamSettings | None,
) -> str | None:
    if sobject is None or operation is Operation.INSERT:
        return None
    if written is not None and written.external_id_field:
        return written.external_id_field
    of_stream = stream.key_properties if len(stream.key_properties) == 1 else ()
    for name in (*of_stream, found.key):
        field = columns[name].field if name in columns else ""
        if field and is_key(sobject, field):
            return field
    return "Id" if operation is not Operation.UPSERT else None


def _written(
    stream: SampledStream, mapping: Mapping[str, Any]
) -> tuple[dict[str, ColumnDraft], list[Constant]]:
    columns: dict[str, ColumnDraft] = {}
    constants = []
    for name, target in mapping.items():
        details = target if isinstance(target, dict) else {"field": target or ""}
        field = str(details.get("field") or "")
        if "value" in details:
            constants.append(Constant(name=name, field=field, value=details["value"]))
            continue
        columns[name] = ColumnDraft(
            field=field,
            state=State.ACCEPTED if field else State.REJECTED,
            nulls=details.get("nulls"),
            empty_strings=details.get("empty_strings"),
            too_long=details.get("too_long"),
        )
    return columns, constants
