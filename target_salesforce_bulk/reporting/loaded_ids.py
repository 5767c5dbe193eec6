"""The Ids of the records that a run wrote."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.loading.settling.result_files import cell, result_rows
from target_salesforce_bulk.loading.settling.sent_rows import sent_rows
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.private_files import UsingFiles, make_subfolder
from target_salesforce_bulk.reporting.file_names import file_name
from target_salesforce_bulk.rows.csvfile import CsvFile, encode_row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch

logger = logging.getLogger(__name__)


class LoadedIds:
    """Writes the Ids of one run, one file per batch.

    Args:
        state_dir: Folder of the org.
        run_id: Names the folder for the files.
        note_created: Called with the number of a batch and of the records that it created.
    """

    def __init__(
        self, state_dir: Path, run_id: str, note_created: Callable[[int, int], None]
    ) -> None:
        self._state_dir = state_dir
        self._run_id = run_id
        self._note_created = note_created

    def keep(self, batch: Batch, successful: Path) -> None:
        """Write the Ids of a batch's records, from its successful results if they can be read."""
        name = f"{file_name(batch.plan.stream)}-{batch.id}.csv"
        with UsingFiles(self._state_dir):
            folder = make_subfolder(self._state_dir, "results", self._run_id)
        try:
            self._note_created(batch.id, write_ids(folder / name, batch, successful))
        except ResponseError as error:
            logger.warning(
                "Batch %s of stream %s: the Ids of its records are not kept: %s",
                batch.id,
                batch.plan.stream,
                error,
                extra=log_facts(LogCode.IDS_NOT_KEPT, batch_id=batch.id, stream=batch.plan.stream),
            )


def write_ids(path: Path, batch: Batch, successful: Path) -> int:
    """Write the Ids of the records that a batch wrote, next to their keys.

    The columns are `sf__Id`, `sf__Created` and the key; for an insert without one, all columns as
    Salesforce gives them back. Readable by its owner only, and whole or not there at all.

    Returns:
        The number of records that were created.

    Raises:
        ResponseError: the successful results cannot be read.
    """
    place = batch.plan.label_index
    columns = batch.plan.columns if place is None else (batch.plan.columns[place],)
    by_id = _keys_by_id(batch) if batch.plan.label is not None else {}
    draft = path.with_suffix(".part")
    draft.unlink(missing_ok=True)
    names = ["sf__Id", "sf__Created", *(column.header for column in columns)]
    file = CsvFile.create(draft, encode_row(names))
    created = 0
    try:
        for header, row in result_rows(successful):
            record_id = cell(header, row, "sf__id")
            cells = [cell(header, row, column.header.lower()) for column in columns]
            if record_id[:15] in by_id:
                cells = [by_id[record_id[:15]]]
            is_new = cell(header, row, "sf__created")
            created += is_new == "true"
            file.write(encode_row([record_id, is_new, *cells]))
    except ResponseError:
        file.discard()
        draft.unlink()
        raise
    file.seal()
    draft.replace(path)
    return created


def _keys_by_id(batch: Batch) -> dict[str, str]:
    """The keys by which Ids were looked up: they are not sent, so results do not have them."""
    place, label = batch.plan.key_index or 0, batch.plan.label_index or 0
    return {row[place][:15]: row[label] for _, row in sent_rows(batch.csv)}
