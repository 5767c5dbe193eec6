"""The batches that the target makes of an input, in bulk or record by record."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.preview.dry_run import DryRun
from target_salesforce_bulk.target import TargetSalesforceBulk

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.salesforce.client import Client


class Kept(DryRun):
    """Keeps what each batch held."""

    def __init__(self, client: Client, folder: Path) -> None:
        super().__init__(client, folder)
        self.batches: list[tuple[str, str, bytes, str]] = []

    def hand_over(self, batch: Batch, *, rows: int, size: int, merged: int) -> None:
        refused = batch.refused.read_text() if batch.refused.exists() else ""
        facts = f"{batch.plan.stream} {batch.plan.operation} {rows} {size} {merged}"
        self.batches.append((facts, batch.id, batch.csv.read_bytes(), refused))
        super().hand_over(batch, rows=rows, size=size, merged=merged)


def batches(
    config: dict[str, Any], folder: Path, text: str, *, in_bulk: bool, blocks: int | None = None
) -> tuple[list[Any], int]:
    """The batches made of an input, and how many records reached `process_record`."""
    target = TargetSalesforceBulk(config=config, open_run=lambda _, client: Kept(client, folder))
    kept = target.run
    if not in_bulk:
        target.message_reader.find_sink = lambda _: None
    one_by_one = []
    find = target.get_sink_class("Contact").process_record

    class Sink(target.get_sink_class("Contact")):
        def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
            one_by_one.append(record)
            find(self, record, context)

    target.default_sink_class = Sink
    source = io.TextIOWrapper(
        io.BytesIO(text.encode()) if blocks is None else Dripping(text, blocks)
    )
    target.listen(source)
    return kept.batches, len(one_by_one)


class Dripping(io.BytesIO):
    """Bytes that arrive in small portions."""

    def __init__(self, text: str, portion: int) -> None:
        super().__init__(text.encode())
        self._portion = portion

    def read1(self, size: int | None = -1, /) -> bytes:
        return super().read1(self._portion)
