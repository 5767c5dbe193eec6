"""What a preview has found, as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.plain_text import counted, plain_text
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from target_salesforce_bulk.mapping.field_map import Column
    from target_salesforce_bulk.mapping.resolve import ResolvedStream
    from target_salesforce_bulk.preview.dry_run import Count


def mapping_lines(stream: str, resolved: ResolvedStream, *, complete: bool = True) -> Iterator[str]:
    """The field map of a stream.

    Args:
        stream: Its name.
        resolved: What becomes of its rows.
        complete: Whether all of its properties are known.
    """
    field_map = resolved.field_map
    key = f" by {field_map.key.header}" if field_map.key else ""
    yield f"Stream {stream} → {resolved.sobject.name}, {resolved.operation}{key}"
    rows = [
        (plain_text(_source(column)), column.header, _type(column)) for column in field_map.columns
    ]
    widths = [max(len(row[place]) for row in rows) for place in (0, 1)] if rows else [0, 0]
    for source, header, kind in rows:
        yield f"  {source:{widths[0]}}  →  {header:{widths[1]}}  {kind}"
    for unmapped in field_map.unmapped:
        yield f"  Warning: {unmapped.property} is not loaded: {unmapped.reason}"
    if not complete:
        yield (
            "  Other properties map to the fields of their names; --catalog or --input checks them."
        )
    elif resolved.operation is Operation.UPSERT and (missing := missing_required(resolved)):
        yield f"  Warning: new records need {', '.join(missing)}, but no property maps to them"


def missing_required(resolved: ResolvedStream) -> list[str]:
    """The fields that a new record needs and that no column fills."""
    filled = {(column.reference or column.field).name for column in resolved.field_map.columns}
    required = (field.name for field in resolved.sobject.fields if field.required_on_insert)
    return [name for name in required if name not in filled]


def _source(column: Column) -> str:
    return repr(column.constant) if column.path is None else ".".join(column.path)


def _type(column: Column) -> str:
    field = column.field
    length = f"({field.length})" if field.length else ""
    reference = f", looks up {column.parent}" if column.parent else ""
    return f"{field.type}{length}{reference}"


def count_lines(counts: Mapping[str, Count]) -> Iterator[str]:
    """What a load would send and refuse, by stream."""
    for stream, count in counts.items():
        deletes = f", {count.deletes:,} of them deletes" if count.deletes else ""
        yield (
            f"Stream {stream}: {counted(count.read, 'record')}, {counted(count.rows, 'row')} to be "
            f"sent{deletes}, in {counted(count.jobs, 'job')} of {counted(count.size, 'byte')}, "
            f"{count.merged:,} merged, {count.refused:,} refused"
        )
        for (code, message), keys in count.reasons.items():
            yield f"  {keys.number:,} x {code}: {message}  [{', '.join(keys.sample)}]"
