"""The rows that records become, as a load would send them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.mapping.resolve import resolve_stream
from target_salesforce_bulk.preview.undescribed import undescribed
from target_salesforce_bulk.rows.encoder import DELETED_AT, RowRefused, is_deleted
from target_salesforce_bulk.salesforce.objects import KnownObjects, Objects
from target_salesforce_bulk.settings import Settings
from target_salesforce_bulk.singer.row_writers import make_row_writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from target_salesforce_bulk.mapping.field_map import Column, Unmapped
    from target_salesforce_bulk.mapping.resolve import ResolvedStream
    from target_salesforce_bulk.rows.encoder import CellEncoder, RowEncoder
    from target_salesforce_bulk.salesforce.job import Operation
    from target_salesforce_bulk.settings import StreamSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a cell must not be sent.

    Attributes:
        column: The property, by its path; the name of the field for a constant.
        field: The column of the CSV; empty if the row as a whole is refused.
        code: Salesforce's status code.
        message: The reason.
    """

    column: str
    field: str
    code: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SentRow:
    """The row of one record.

    Attributes:
        operation: Of its job; a deleted record may have another one than the stream.
        cells: By column of the CSV; unchecked if the row is refused.
        refusals: Of all refused cells. A load reports the first one of a row; with none, the row
            is sent.
    """

    operation: Operation
    cells: Mapping[str, str]
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SentRows:
    """The rows of some records of a stream.

    Rows with equal keys are shown as they are; a load merges them within a batch.

    Attributes:
        object: The object that they go to.
        operation: The operation of the jobs.
        key: The column that identifies records; None for insert.
        header: The columns of the CSV, in order.
        sources: By column, the path of its property; None for a constant.
        unmapped: The properties that are not loaded, which a load names in a warning.
        rows: One of each record.
    """

    object: str
    operation: Operation
    key: str | None
    header: tuple[str, ...]
    sources: Mapping[str, str | None]
    unmapped: tuple[Unmapped, ...]
    rows: tuple[SentRow, ...]


def stream_settings(stream: str, config: Mapping[str, Any]) -> StreamSettings:
    """The settings of a stream in a configuration, of which only its mapping has to be complete.

    Raises:
        SettingsError: settings contradict each other, or a value is out of its range.
    """
    return Settings.from_config(config).for_stream(stream)


def sent_rows(
    schema: Mapping[str, Any],
    settings: StreamSettings,
    records: Iterable[Mapping[str, Any]],
    objects: Objects | None,
) -> SentRows:
    """Map a stream and encode its records, with what a load uses for both.

    Args:
        schema: The SCHEMA message of the stream, as it is after stream maps.
        settings: Its settings; see `stream_settings`.
        records: Records as Singer has them, with numbers as `Decimal` where digits matter.
        objects: The objects of the org. Without them, nothing is known of fields: those that
            `field_mapping` names are taken for texts of any length, and others are not mapped.

    Raises:
        MappingError: the stream cannot be loaded with these settings.
    """
    resolved = _resolve(schema, settings, objects)
    writes = make_row_writer(schema["stream"], resolved, resolved, settings).encoder
    deletes = writes
    if resolved.deletes is not None:
        deletes = make_row_writer(schema["stream"], resolved, resolved.deletes, settings).encoder
    columns = resolved.field_map.columns
    key = resolved.field_map.key
    return SentRows(
        object=resolved.sobject.name,
        operation=resolved.operation,
        key=None if key is None else key.header,
        header=tuple(each.header for each in columns),
        sources={each.header: _source(each) for each in columns},
        unmapped=() if objects is None else resolved.field_map.unmapped,
        rows=tuple(
            _sent(deletes, resolved.deletes.operation, each)
            if resolved.deletes is not None and is_deleted(each)
            else _sent(writes, resolved.operation, each)
            for each in records
        ),
    )


def _resolve(
    schema: Mapping[str, Any], settings: StreamSettings, objects: Objects | None
) -> ResolvedStream:
    keys = schema.get("key_properties") or ()
    if objects is None:
        settings = replace(settings, object=settings.object or "Unknown", auto_map=False)
        objects = Objects(KnownObjects(undescribed(settings, keys)))
    properties = schema["schema"].get("properties", {})
    return resolve_stream(schema["stream"], properties, keys, settings, objects)


def _source(column: Column) -> str | None:
    return None if column.path is None else ".".join(column.path)


def _sent(encoder: RowEncoder, operation: Operation, record: Mapping[str, Any]) -> SentRow:
    try:
        encoder.encode(record)
    except RowRefused as refusal:
        return SentRow(
            operation=operation,
            cells=encoder.describe(record),
            refusals=tuple(dict.fromkeys(_refusals(encoder, refusal, record))),
        )
    headers = (each.column.header for each in encoder.columns)
    return SentRow(
        operation=operation, cells=dict(zip(headers, encoder.cells(record), strict=True))
    )


def _refusals(
    encoder: RowEncoder, first: RowRefused, record: Mapping[str, Any]
) -> Iterator[Refusal]:
    """That of the row, and those of its other cells."""
    by_header = {each.column.header: each for each in encoder.columns}
    if not first.fields:
        yield Refusal(column=DELETED_AT, field="", code=first.code, message=first.message)
    for header in first.fields:
        yield _refusal(by_header[header].column, first)
    for each in encoder.columns:
        if found := _refused(each, record):
            yield _refusal(each.column, found)


def _refused(encoder: CellEncoder, record: Mapping[str, Any]) -> RowRefused | None:
    try:
        encoder.cell(encoder.of(record))
    except RowRefused as refusal:
        return refusal
    return None


def _refusal(column: Column, refusal: RowRefused) -> Refusal:
    return Refusal(
        column=_source(column) or column.header,
        field=column.header,
        code=refusal.code,
        message=refusal.message,
    )
