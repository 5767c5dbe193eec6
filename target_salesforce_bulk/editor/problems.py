"""What is wrong with a draft, in words that name what to do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.editor.columns import is_key
from target_salesforce_bulk.editor.stream import declared_types
from target_salesforce_bulk.plain_text import counted
from target_salesforce_bulk.rows.encoder import RowRefused
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from target_salesforce_bulk.editor.columns import Columns
    from target_salesforce_bulk.editor.draft import StreamDraft
    from target_salesforce_bulk.editor.stream import SampledStream
    from target_salesforce_bulk.rows.encoder import CellEncoder
    from target_salesforce_bulk.salesforce.sobject import Field, SObject

_CREATES = frozenset({Operation.INSERT, Operation.UPSERT})
_UPDATES = frozenset({Operation.UPDATE, Operation.UPSERT})
#: Values of each declared type; if a field takes none of them, the type cannot fit.
_TYPICAL: dict[str, tuple[Any, ...]] = {
    "boolean": (True,),
    "integer": (0, 1, 7),
    "number": (0, 1, 7, 0.5),
    "date": ("2026-01-31",),
    "date-time": ("2026-01-31T08:30:00Z",),
    "time": ("08:30:00",),
    "array": (["a"],),
    "object": ({"a": 1},),
}
#: What only a value can be wrong about, not a type.
_OF_VALUES = frozenset(
    {
        "STRING_TOO_LONG",
        "NUMBER_OUTSIDE_VALID_RANGE",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Something that is wrong.

    Attributes:
        text: What, and what to do.
        column: The column or constant that it is about; None for the stream as a whole.
        stops: Whether the stream cannot be loaded like this; otherwise rows of it may fail.
    """

    text: str
    column: str | None = None
    stops: bool = True


def find_problems(
    stream: SampledStream, draft: StreamDraft, sobject: SObject | None, columns: Columns
) -> list[Problem]:
    """What is wrong with a draft; those of the stream as a whole come first."""
    if sobject is None:
        return [Problem(text="No object is chosen. Choose the one that the rows are loaded into.")]
    found = [
        *_missing_permissions(draft, sobject),
        *_wrong_key(stream, draft, sobject, columns),
        *_open_fields(draft, sobject, columns),
        *(Problem(text=f"{each}.", column=name) for name, each in columns.refused.items()),
        *_twice(columns),
    ]
    for name, encoder in columns.encoders.items():
        found += _of_column(name, stream, draft, encoder)
    return found


def _missing_permissions(draft: StreamDraft, sobject: SObject) -> Iterator[Problem]:
    if missing := sobject.missing_permissions(draft.operation):
        yield Problem(
            text=f"This user lacks the permission {' and '.join(missing)} on {sobject.name}, which "
            f"{draft.operation} needs. Choose another operation, or have it granted."
        )


def _wrong_key(
    stream: SampledStream, draft: StreamDraft, sobject: SObject, columns: Columns
) -> Iterator[Problem]:
    if draft.operation is Operation.INSERT:
        return
    if draft.key is None:
        keys = ", ".join(stream.key_properties) or "none is declared"
        yield Problem(
            text=f"{draft.operation} needs a key: the field that identifies the record of a row. "
            f"Choose one above, and a column for it (key of the stream: {keys})."
        )
    elif not is_key(sobject, draft.key):
        fields = ", ".join(keys_of(sobject))
        yield Problem(
            text=f"{draft.key} cannot be the key: it is not an external ID of {sobject.name}, and "
            f"records cannot be looked up by it. Choose one of: {fields}."
        )
    elif columns.key is None:
        yield Problem(text=f"No column fills the key {draft.key}. Give it the one that has it.")


def keys_of(sobject: SObject) -> list[str]:
    """The fields that may identify records; the external IDs come first, Id last."""
    fields = [each for each in sobject.fields if is_key(sobject, each.name)]
    return [
        each.name
        for each in sorted(fields, key=lambda each: (each.name == "Id", not each.external_id))
    ]


def _open_fields(draft: StreamDraft, sobject: SObject, columns: Columns) -> Iterator[Problem]:
    if draft.operation not in _CREATES:
        return
    filled = {
        (each.column.reference or each.column.field).name for each in columns.encoders.values()
    }
    missing = [
        _named(each)
        for each in sobject.fields
        if each.required_on_insert and each.name not in filled
    ]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        yield Problem(
            text=f"{', '.join(missing)} {are} required for a new {sobject.label or sobject.name}, "
            "and nothing fills it. Choose it for a column, or add a constant.",
            stops=draft.operation is Operation.INSERT,
        )


def _twice(columns: Columns) -> Iterator[Problem]:
    names: dict[str, list[str]] = {}
    for name, encoder in columns.encoders.items():
        names.setdefault(encoder.column.header, []).append(name)
    for header, several in names.items():
        for name in several[1:]:
            yield Problem(
                text=f"{header} is already filled by {several[0]}. A field takes one column.",
                column=name,
            )


def _of_column(
    name: str, stream: SampledStream, draft: StreamDraft, encoder: CellEncoder
) -> Iterator[Problem]:
    field = encoder.column.field
    if encoder.column.path is None:
        yield from _of_constant(name, encoder)
        return
    if not _may_fit(encoder, stream.properties.get(name, {})):
        declared = declared_types(stream.properties[name])
        yield Problem(
            text=f"Values of the type {' or '.join(declared)} cannot be loaded into "
            f"{_named(field)}, whose type is {field.type}.",
            column=name,
        )
    elif refused := refusals(encoder, stream):
        number, known = sum(refused.values()), len(stream.records)
        example = refused.most_common(1)[0][0].removeprefix(f"{encoder.column.header}: ")
        yield Problem(
            text=f"{number} of {counted(known, 'sample row')} would be refused: {example}.",
            column=name,
            stops=False,
        )
    if _is_only_created(field, draft, encoder):
        yield Problem(
            text=f"{_named(field)} can be set on a new record, but not updated: rows of records "
            "that exist would fail.",
            column=name,
            stops=False,
        )


def _of_constant(name: str, encoder: CellEncoder) -> Iterator[Problem]:
    try:
        encoder.cell(encoder.column.constant)
    except RowRefused as refusal:
        yield Problem(text=f"Every row would be refused: {refusal.message}.", column=name)


def refusals(encoder: CellEncoder, stream: SampledStream) -> Counter[str]:
    """How many of the samples would be refused because of this column, by the reason."""
    found: Counter[str] = Counter()
    for record in stream.records:
        try:
            cell = encoder.cell(encoder.of(record))
        except RowRefused as refusal:
            found[refusal.message] += 1
        else:
            if encoder.required and not cell:
                found[f"{encoder.column.header} is required, but empty"] += 1
    return found


def _may_fit(encoder: CellEncoder, declared: Mapping[str, Any]) -> bool:
    """Whether any value of the declared types can be loaded; True if nothing is declared."""
    types = declared_types(declared)
    return not types or any(
        kind not in _TYPICAL or any(_takes(encoder, each) for each in _TYPICAL[kind])
        for kind in types
    )


def _takes(encoder: CellEncoder, value: Any) -> bool:
    try:
        encoder.cell(value)
    except RowRefused as refusal:
        return refusal.code in _OF_VALUES
    return True


def _is_only_created(field: Field, draft: StreamDraft, encoder: CellEncoder) -> bool:
    written = encoder.column.reference or field
    return not (written.updateable or encoder.is_key or draft.operation not in _UPDATES)


def _named(field: Field) -> str:
    return f"{field.label} ({field.name})" if field.label else field.name
