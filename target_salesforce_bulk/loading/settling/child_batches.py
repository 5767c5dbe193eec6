"""Rows that are sent again within a run: which, in what portions, and when.

They become child batches of the batch they were in. A child is written beside its parent's results
and enters the journal in the same transaction in which its parent is settled, so at any moment each
row has an outcome or a batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.batch import ChildDraft
from target_salesforce_bulk.journal.failed_rows import FailureClass
from target_salesforce_bulk.loading.settling.sent_rows import row_keys
from target_salesforce_bulk.rows.csvfile import CsvFile, encode_row

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.journal.failed_rows import FailedRow

# Salesforce works on 10,000 rows at a time, several such portions of a job at once; a job of one
# portion cannot lock itself out.
# https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_common_limits.htm
_MOST_ROWS = 10_000
_LONGEST_WAIT_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RowRetries:
    """How often rows are sent again, and how long after."""

    retries: int = 3
    wait_seconds: float = 10.0

    def wait_before(self, child: Batch) -> float:
        """Seconds between the end of the parent and the child's turn; longer each time."""
        seconds: float = self.wait_seconds * 2 ** (child.depth - 1)
        return min(seconds, _LONGEST_WAIT_SECONDS)


class ChildWriter:
    """Takes rows of a batch that are to be sent again.

    Args:
        batch: The batch they were in.
        retries: How often rows are sent again.
        parents_coming: Whether this run loads the objects that rows look parents up in.
        whole: Whether the batch is sent again as it was, because Salesforce could not read it.
    """

    def __init__(
        self, batch: Batch, retries: RowRetries, *, parents_coming: bool, whole: bool = False
    ) -> None:
        self._batch = batch
        self._whole = whole
        self._transient = batch.depth < retries.retries and not batch.resends
        self._parents = parents_coming and batch.depth == 0 and not batch.resends
        self._header = [column.header for column in batch.plan.columns]
        self._places = batch.plan.sent_columns
        self._open: dict[bool, _Files] = {}
        self._drafts: list[ChildDraft] = []

    def take(self, row: FailedRow) -> bool:
        """Take a row, unless it is to stay a failed one."""
        if row.failure_class is FailureClass.PARENT_MISSING and self._parents:
            for_parents = True
        elif self._whole or (row.failure_class is FailureClass.TRANSIENT and self._transient):
            for_parents = False
        else:
            return False
        files = self._open.get(for_parents)
        if files is None:
            number = len(self._drafts) + len(self._open)
            folder = self._batch.folder / f"retry-{number}"
            files = self._open[for_parents] = _Files(folder, self._header, self._places)
        files.write([row.row[name] for name in self._header])
        if files.rows.rows == _MOST_ROWS and not self._whole:
            self._close(for_parents)
        return True

    def drafts(self) -> list[ChildDraft]:
        """The child batches, on disk."""
        for for_parents in list(self._open):
            self._close(for_parents)
        return self._drafts

    def _close(self, for_parents: bool) -> None:
        files = self._open.pop(for_parents)
        size = files.seal()
        self._drafts.append(
            ChildDraft(
                folder=files.folder,
                rows=files.rows.rows,
                size=size,
                for_parents=for_parents,
                same_keys=partial(row_keys, self._batch.plan, files.folder / "rows.csv"),
            )
        )


class _Files:
    """The files of one child batch."""

    def __init__(self, folder: Path, header: list[str], places: list[int] | None) -> None:
        self.folder = folder
        self._places = places
        folder.mkdir(mode=0o700, exist_ok=True)  # left by a run that died here
        self.rows = self._new(folder / "rows.csv", encode_row(header))
        self._upload = (
            None if places is None else self._new(folder / "upload.csv", self._sent(header))
        )

    @staticmethod
    def _new(path: Path, header: bytes) -> CsvFile:
        path.unlink(missing_ok=True)
        return CsvFile.create(path, header)

    def write(self, cells: list[str]) -> None:
        """Add a row."""
        self.rows.write(encode_row(cells))
        if self._upload is not None:
            self._upload.write(self._sent(cells))

    def seal(self) -> int:
        """Bring the files to disk; the bytes that will be sent."""
        self.rows.seal()
        if self._upload is None:
            return self.rows.size
        self._upload.seal()
        return self._upload.size

    def _sent(self, cells: list[str]) -> bytes:
        return encode_row([cells[place] for place in self._places or ()])
