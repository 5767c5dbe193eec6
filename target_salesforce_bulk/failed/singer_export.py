"""Failed rows as Singer messages that the same configuration loads again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from target_salesforce_bulk.journal.batch import LoadPlan
    from target_salesforce_bulk.journal.failed_rows import StoredFailedRow
    from target_salesforce_bulk.journal.port import Journal
    from target_salesforce_bulk.settings import Settings, StreamSettings

#: The cell that clears a field.
_CLEAR = "#N/A"
_DELETED_AT = "_sdc_deleted_at"
_TEXT = {"type": ["string", "null"]}


def singer_messages(
    journal: Journal, settings: Settings, rows: Iterable[StoredFailedRow]
) -> Iterator[dict[str, Any]]:
    """A SCHEMA where the properties change, and a RECORD for each row.

    Properties have the names that the stream's `field_mapping` gives them, and else those of their
    fields. Empty cells are left out, and so are constants, which the configuration has.
    """
    announced: dict[str, Any] = {}
    for row in rows:
        options, plan = settings.for_stream(row.stream), journal.plan_of(row)
        mapping = _Mapping(options)
        record = _record(options, mapping, plan, row)
        key = mapping.property_of(plan.label or plan.key or "")
        names = dict.fromkeys([*mapping.names, *record])
        schema = {
            "type": "SCHEMA",
            "stream": row.stream,
            "schema": {"type": "object", "properties": dict.fromkeys(names, _TEXT)},
            "key_properties": [key] if key in names else [],
        }
        if announced.get(row.stream) != schema:
            announced[row.stream] = schema
            yield schema
        yield {"type": "RECORD", "stream": row.stream, "record": record}


class _Mapping:
    """The `field_mapping` of a stream, read backwards."""

    def __init__(self, options: StreamSettings) -> None:
        self._properties: dict[str, str] = {}
        self._constants: set[str] = set()
        for name, target in (options.field_mapping or {}).items():
            details = target if isinstance(target, dict) else {"field": target}
            field = str(details.get("field") or "").lower()
            if "value" in details:
                self._constants.add(field)
            elif field:
                self._properties[field] = name

    @property
    def names(self) -> list[str]:
        """The properties that it expects a stream to have."""
        return list(self._properties.values())

    def property_of(self, header: str) -> str | None:
        """The property that fills a column; None for a constant."""
        if header.lower() in self._constants:
            return None
        return self._properties.get(header.lower(), header)


def _record(
    options: StreamSettings, mapping: _Mapping, plan: LoadPlan, row: StoredFailedRow
) -> dict[str, Any]:
    # Where nulls are ignored, an empty string may still clear.
    clear = "" if options.nulls == "ignore" else None
    looked_up = "Id" if plan.label is not None else None
    record: dict[str, Any] = {}
    for header, cell in row.row.items():
        name = mapping.property_of(header)
        if cell != "" and header != looked_up and name is not None:
            record[name] = clear if cell == _CLEAR else cell
    if plan.operation.only_ids and not options.operation.only_ids:
        record[_DELETED_AT] = row.failed_at
    return record
