"""The columns of a draft as the engine would load them, and what it says against the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import MappingError
from target_salesforce_bulk.mapping.field_map import FieldMap
from target_salesforce_bulk.rows.encoder import CellEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_salesforce_bulk.editor.draft import StreamDraft
    from target_salesforce_bulk.editor.stream import SampledStream
    from target_salesforce_bulk.mapping.field_map import Column
    from target_salesforce_bulk.rows.encoder import RowOptions
    from target_salesforce_bulk.salesforce.sobject import SObject

    Describe = Callable[[str], SObject]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What a draft becomes.

    Attributes:
        encoders: Of each entry that can be loaded, by its name: a column or a constant.
        refused: Of each other entry, why Salesforce would refuse its column.
        key: The entry that fills the key; None if there is none.
    """

    encoders: Mapping[str, CellEncoder]
    refused: Mapping[str, str]
    key: str | None = None


def columns_of(
    stream: SampledStream,
    draft: StreamDraft,
    sobject: SObject,
    describe: Describe,
    options: RowOptions,
) -> Columns:
    """The columns of a draft, also of one that cannot be loaded as a whole.

    Args:
        stream: The stream.
        draft: Its mapping.
        sobject: Its object.
        describe: Describes a parent object.
        options: How records are encoded.
    """
    key = draft.key if is_key(sobject, draft.key) else None
    encoders: dict[str, CellEncoder] = {}
    refused: dict[str, str] = {}
    filled_key = None
    for name, target in draft.field_mapping(decided=False).items():
        if not target:
            continue
        try:
            column = _column(stream, draft, sobject, describe, key, name, target)
        except MappingError as error:
            refused[name] = " ".join(error.problems).removeprefix(f"{name}: ")
            continue
        keyed = key is not None and column.header.lower() == key.lower()
        filled_key = name if keyed and filled_key is None else filled_key
        encoders[name] = CellEncoder(column, draft.operation, options, is_key=keyed)
    return Columns(encoders=encoders, refused=refused, key=filled_key)


def is_key(sobject: SObject, name: str | None) -> bool:
    """Whether a field may identify records."""
    field = None if name is None else sobject.field(name)
    return field is not None and (field.external_id or field.id_lookup or field.name == "Id")


def _column(
    stream: SampledStream,
    draft: StreamDraft,
    sobject: SObject,
    describe: Describe,
    key: str | None,
    name: str,
    target: Any,
) -> Column:
    # Of the other properties, each would be compared with every field.
    own = {
        each: stream.properties[each]
        for each in (name, name.partition(".")[0])
        if each in stream.properties
    }
    found = FieldMap.build(
        stream=stream.name,
        properties=own,
        sobject=sobject,
        operation=draft.operation,
        key_field=key,
        field_mapping={name: target},
        auto_map=False,
        unmapped_fields="ignore",
        describe=describe,
        complete=False,
    )
    return found.columns[0]
