"""Which object a stream goes to, by which operation, key and field map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from target_salesforce_bulk.errors import MappingError
from target_salesforce_bulk.mapping.field_map import FieldMap
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_salesforce_bulk.salesforce.sobject import Field, SObject
    from target_salesforce_bulk.settings import StreamSettings


class Describer(Protocol):
    """Whoever can describe objects."""

    def sobject(self, name: str) -> SObject:
        """The description of an object that is there."""

    def find_sobject(self, names: list[str]) -> SObject | None:
        """The description of the first of these that is there."""


@dataclass(frozen=True, kw_only=True)
class ResolvedStream:
    """What becomes of the rows of a stream."""

    sobject: SObject
    operation: Operation
    field_map: FieldMap


def resolve_stream(
    stream: str,
    properties: Mapping[str, Any],
    key_properties: Sequence[str],
    options: StreamSettings,
    describer: Describer,
) -> ResolvedStream:
    """Find out what becomes of the rows of a stream.

    Raises:
        MappingError: it cannot be loaded as its settings say.
    """
    sobject = _sobject(stream, options, describer)
    operation = options.operation
    if not sobject.accepts(operation):
        raise MappingError(
            f"Stream {stream}: this user may not {operation} {sobject.name} records. "
            "Give the user the permission, or choose another operation.",
            stream=stream,
        )
    field_map = FieldMap.build(
        stream=stream,
        properties=properties,
        sobject=sobject,
        operation=operation,
        key_field=_key_field(stream, key_properties, options, operation, sobject),
        field_mapping=options.field_mapping or {},
        auto_map=options.auto_map,
        unmapped_fields=options.unmapped_fields,
        describe=describer.sobject,
    )
    return ResolvedStream(sobject=sobject, operation=operation, field_map=field_map)


def _sobject(stream: str, options: StreamSettings, describer: Describer) -> SObject:
    names = [options.object] if options.object else _object_names(stream)
    found = describer.find_sobject(names)
    if found is not None:
        return found
    if options.object:
        raise MappingError(
            f"Stream {stream}: the org has no object {options.object}, or this user may not see "
            "it. Check the spelling (custom objects end in __c) and the user's permissions.",
            stream=stream,
        )
    raise MappingError(
        f"Stream {stream}: the org has no object of that name. Say which object it goes to: "
        f"streams.{stream}.object.",
        stream=stream,
    )


def _object_names(stream: str) -> list[str]:
    """The names that an object may have for a stream named like `schema-table`."""
    return list(dict.fromkeys([stream, stream.rsplit("-", 1)[-1]]))


def _key_field(
    stream: str,
    key_properties: Sequence[str],
    options: StreamSettings,
    operation: Operation,
    sobject: SObject,
) -> str | None:
    if operation is Operation.INSERT:
        return None
    if operation is not Operation.UPSERT:
        return "Id"
    if options.external_id_field:
        return options.external_id_field
    candidates = [field.name for field in sobject.fields if field.external_id]
    if len(key_properties) == 1:
        field = _field_of(key_properties[0], options, sobject)
        if field is not None and field.external_id:
            return field.name
    known = f"External ID fields of {sobject.name}: {', '.join(candidates) or 'none'}."
    keys = ", ".join(key_properties) or "no property"
    raise MappingError(
        f"Stream {stream}: upsert needs a field that says which record a row belongs to, and the "
        f"stream's key ({keys}) goes to no external ID field. "
        f"Set streams.{stream}.external_id_field. {known}",
        stream=stream,
    )


def _field_of(name: str, options: StreamSettings, sobject: SObject) -> Field | None:
    """The field that a property goes to, by the mapping or by its own name."""
    mapped: Any = (options.field_mapping or {}).get(name, name)
    if isinstance(mapped, dict):
        mapped = mapped.get("field")
    if not isinstance(mapped, str):
        return None
    plain = mapped.replace("_", "").lower()
    for field in sobject.fields:
        if field.name.lower() == mapped.lower() or field.name.replace("_", "").lower() == plain:
            return field
    return None
