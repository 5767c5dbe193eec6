"""Resolves a stream to its object, operation, key and field map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import MappingError, NoKeyError
from target_salesforce_bulk.mapping.field_map import FieldMap
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from target_salesforce_bulk.mapping.field_map import Column
    from target_salesforce_bulk.salesforce.objects import Objects
    from target_salesforce_bulk.salesforce.sobject import Field, SObject
    from target_salesforce_bulk.settings import StreamSettings


@dataclass(frozen=True, kw_only=True)
class ResolvedStream:
    """How the rows of a stream are loaded."""

    sobject: SObject
    operation: Operation
    field_map: FieldMap
    #: How records deleted in the source are deleted; None if they are not.
    deletes: DeletePlan | None = None

    @property
    def lookup(self) -> bool:
        """Whether record Ids must be looked up by the key."""
        return _needs_lookup(self.operation, self.field_map.key)


@dataclass(frozen=True, kw_only=True)
class DeletePlan:
    """How records that are deleted in the source are deleted in Salesforce."""

    operation: Operation
    field_map: FieldMap

    @property
    def lookup(self) -> bool:
        """Whether record Ids must be looked up by the key."""
        return _needs_lookup(self.operation, self.field_map.key)


def _needs_lookup(operation: Operation, key: Column | None) -> bool:
    by_id = {Operation.UPDATE, Operation.DELETE, Operation.HARD_DELETE}
    return operation in by_id and key is not None and key.field.name != "Id"


def resolve_stream(
    stream: str,
    properties: Mapping[str, Any],
    key_properties: Sequence[str],
    options: StreamSettings,
    objects: Objects,
    earlier: Collection[str] = (),
    *,
    complete: bool = True,
) -> ResolvedStream:
    """Decide how the rows of a stream are loaded.

    Args:
        stream: Its name.
        properties: The properties of its schema, by name.
        key_properties: The names of its key properties.
        options: Its settings.
        objects: The objects of the org.
        earlier: The properties of its earlier schemas.
        complete: Whether these are all of its properties. If not, the others may map to the key
            and to required fields.

    Raises:
        NoKeyError: the properties do not tell what the key of an upsert is.
        MappingError: the stream cannot be loaded with these settings.
    """
    sobject = _sobject(stream, options, objects)
    operation = options.operation
    _check_allowed(stream, sobject, operation)
    if options.assignment_rule_id and sobject.name not in {"Lead", "Case"}:
        raise MappingError(
            f"Stream {stream}: assignment_rule_id is for Lead and Case, not for {sobject.name}. "
            f"Remove it from streams.{stream}.",
            stream=stream,
        )
    field_map = FieldMap.build(
        stream=stream,
        properties=properties,
        sobject=sobject,
        operation=operation,
        key_field=_key_field(stream, properties, key_properties, options, operation, sobject),
        field_mapping=options.field_mapping or {},
        auto_map=options.auto_map,
        unmapped_fields=options.unmapped_fields,
        describe=objects.sobject,
        earlier=earlier,
        complete=complete,
    )
    return ResolvedStream(
        sobject=sobject,
        operation=operation,
        field_map=field_map,
        deletes=_delete_plan(stream, options, sobject, field_map, complete=complete),
    )


def _check_allowed(stream: str, sobject: SObject, operation: Operation) -> None:
    if missing := sobject.missing_permissions(operation):
        raise MappingError(
            f"Stream {stream}: {operation} needs the permission {' and '.join(missing)} on "
            f"{sobject.name}, which this user lacks. Grant it in Setup > Permission Sets, under "
            "Object Settings, if the object offers it there; or choose another operation.",
            stream=stream,
        )


def _delete_plan(
    stream: str, options: StreamSettings, sobject: SObject, field_map: FieldMap, *, complete: bool
) -> DeletePlan | None:
    if options.deletes == "ignore" or options.operation.only_ids:
        return None
    if field_map.key is None and not complete and options.operation is not Operation.INSERT:
        return None
    if field_map.key is None:
        raise MappingError(
            f"Stream {stream}: deletes is {options.deletes}, but an {options.operation} has no key "
            f"to identify the record to delete. Set streams.{stream}.deletes to ignore, or the "
            "operation to upsert.",
            stream=stream,
        )
    operation = Operation.DELETE if options.deletes == "delete" else Operation.HARD_DELETE
    _check_allowed(stream, sobject, operation)
    return DeletePlan(
        operation=operation, field_map=FieldMap(columns=(field_map.key,), key=field_map.key)
    )


def _sobject(stream: str, options: StreamSettings, objects: Objects) -> SObject:
    names = [options.object] if options.object else _object_names(stream)
    found = objects.find_sobject(names)
    if found is not None:
        return found
    if options.object:
        raise MappingError(
            f"Stream {stream}: the org has no object {options.object}, or this user may not see "
            "it. Check the spelling (custom objects end in __c) and the user's permissions.",
            stream=stream,
        )
    raise MappingError(
        f"Stream {stream}: the org has no object of that name. Set streams.{stream}.object to the "
        "object to load it into.",
        stream=stream,
    )


def _object_names(stream: str) -> list[str]:
    """Candidate object names of a stream that may be named `schema-table`."""
    return list(dict.fromkeys([stream, stream.rsplit("-", 1)[-1]]))


def _key_field(
    stream: str,
    properties: Mapping[str, Any],
    key_properties: Sequence[str],
    options: StreamSettings,
    operation: Operation,
    sobject: SObject,
) -> str | None:
    if operation is Operation.INSERT:
        return None
    if options.external_id_field:
        return options.external_id_field
    if operation is not Operation.UPSERT:
        named = {*properties, *(options.field_mapping or {})}
        has_id = any(_is_id(_field_of(name, options, sobject)) for name in named)
        key = None if has_id else _external_id_of_key(key_properties, options, sobject)
        return "Id" if key is None else key.name
    key = _external_id_of_key(key_properties, options, sobject)
    if key is not None:
        return key.name
    candidates = [field.name for field in sobject.fields if field.external_id]
    known = f"External ID fields of {sobject.name}: {', '.join(candidates) or 'none'}."
    keys = ", ".join(key_properties) or "no property"
    raise NoKeyError(
        f"Stream {stream}: upsert needs a field that identifies the record of a row, and the "
        f"stream's key ({keys}) does not map to an external ID field. "
        f"Set streams.{stream}.external_id_field. {known}",
        stream=stream,
    )


def _is_id(field: Field | None) -> bool:
    return field is not None and field.name == "Id"


def _external_id_of_key(
    key_properties: Sequence[str], options: StreamSettings, sobject: SObject
) -> Field | None:
    """The external ID field that the stream's only key property maps to."""
    if len(key_properties) != 1:
        return None
    field = _field_of(key_properties[0], options, sobject)
    return field if field is not None and field.external_id else None


def _field_of(name: str, options: StreamSettings, sobject: SObject) -> Field | None:
    """The field of a property, by the mapping or by its own name."""
    mapped: Any = (options.field_mapping or {}).get(name, name)
    if isinstance(mapped, dict):
        mapped = mapped.get("field")
    if not isinstance(mapped, str):
        return None
    exact = sobject.field(mapped)
    plain = mapped.replace("_", "").lower()
    alike = (each for each in sobject.fields if each.name.replace("_", "").lower() == plain)
    return exact or next(alike, None)
