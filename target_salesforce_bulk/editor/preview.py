"""The first sample records as they would be sent, cell by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.rows.encoder import RowRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_salesforce_bulk.editor.columns import Columns
    from target_salesforce_bulk.editor.stream import SampledStream
    from target_salesforce_bulk.rows.encoder import CellEncoder

#: Rows that are shown, and the characters of a cell.
_ROWS, _LONGEST = 20, 120


def preview_of(stream: SampledStream, columns: Columns) -> dict[str, Any]:
    """Headers and rows; a cell that would be refused has a reason instead of its text.

    Args:
        stream: The stream, with its records.
        columns: The columns that can be loaded.
    """
    encoders = {each.column.header: each for each in reversed([*columns.encoders.values()])}
    ordered = [encoders[header] for header in reversed(encoders)]
    return {
        "headers": [each.column.header for each in ordered],
        "rows": [[_cell(each, record) for each in ordered] for record in stream.records[:_ROWS]],
        "records": len(stream.records),
    }


def _cell(encoder: CellEncoder, record: Mapping[str, Any]) -> dict[str, str]:
    value = encoder.of(record)
    try:
        cell = encoder.cell(value)
    except RowRefused as refusal:
        reason = refusal.message.removeprefix(f"{encoder.column.header}: ")
        return {"text": _shortened(encoder.description(value)), "refused": reason}
    if encoder.required and not cell:
        return {"text": "", "refused": f"{encoder.column.header} is required"}
    return {"text": _shortened(cell)}


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
