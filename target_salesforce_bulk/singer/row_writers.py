"""Makes row writers from the mapping and settings of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.batch import BatchColumn, LoadPlan
from target_salesforce_bulk.loading.preparing.open_batch import RowWriter
from target_salesforce_bulk.rows.encoder import RowEncoder, RowOptions

if TYPE_CHECKING:
    from target_salesforce_bulk.mapping.resolve import DeletePlan, ResolvedStream
    from target_salesforce_bulk.settings import StreamSettings


def make_row_writer(
    stream: str,
    resolved: ResolvedStream,
    part: ResolvedStream | DeletePlan,
    options: StreamSettings,
) -> RowWriter:
    """Make the writer of a stream's rows of one operation.

    Args:
        stream: The stream's name.
        resolved: Its mapping.
        part: The same mapping for its writes, or the part of it for its deletes.
        options: Its settings.
    """
    encoder = RowEncoder(
        part.field_map,
        part.operation,
        RowOptions(
            nulls=options.nulls,
            empty_strings=options.empty_strings,
            too_long=options.too_long,
            validate=options.validate_rows,
        ),
        deletions=resolved.deletes is not None,
    )
    return RowWriter(_plan(stream, resolved, part, options), encoder)


def _plan(
    stream: str,
    resolved: ResolvedStream,
    part: ResolvedStream | DeletePlan,
    options: StreamSettings,
) -> LoadPlan:
    field_map, key = part.field_map, part.field_map.key
    return LoadPlan(
        stream=stream,
        sobject=resolved.sobject.name,
        operation=part.operation,
        columns=tuple(
            BatchColumn(
                header=column.header,
                type=column.field.type,
                case_sensitive=column.field.case_sensitive,
            )
            for column in field_map.columns
        ),
        key=None if key is None else key.header,
        assignment_rule_id=None if part.operation.only_ids else options.assignment_rule_id,
        parents=field_map.parents,
        lookup=part.lookup,
    )
