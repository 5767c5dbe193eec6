"""What became of each row of a batch, by Salesforce's three result files.

Result files come in any order, with columns in any order, and with values re-serialised by type
(912260031 comes back as 9.12260031E8), so rows are matched by their key: the external ID of an
upsert, the Id of an update or delete, and for an insert the whole row in canonical form. Equal rows
of an insert are interchangeable and are counted. What is kept of a failed row is always our own CSV
row, never the echo. A row is failed or unprocessed, and may be sent again, only if a result says so
and nothing contradicts that; see `Matcher`.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/get_job_failed_results.htm
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.failed_rows import (
    UNCERTAIN,
    UNPROCESSED,
    FailedRow,
    RowError,
    read_refused,
)
from target_salesforce_bulk.loading.settling.matcher import Matcher
from target_salesforce_bulk.loading.settling.sent_rows import (
    all_unprocessed,
    failed_row,
    row_keys,
    sent_rows,
)
from target_salesforce_bulk.salesforce.job import ResultKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, ChildDraft
    from target_salesforce_bulk.loading.settling.child_batches import ChildWriter
    from target_salesforce_bulk.loading.settling.error_table import ErrorTable
    from target_salesforce_bulk.salesforce.job import JobInfo


class Settlement:
    """The outcome of every row of a batch whose job has ended; see `journal.Outcome`.

    Args:
        batch: The batch.
        table: What errors mean.
        job: Its job as it ended; none where every row was refused before sending.
        files: The result files of the job; without the successful ones where `counts_tell`, and
            none where the job failed before its first row.
        retry: Takes rows that are to be sent again.
        open_keys: Keys of older failed rows of the object.
    """

    def __init__(
        self,
        batch: Batch,
        table: ErrorTable,
        job: JobInfo | None = None,
        files: Mapping[ResultKind, Path] | None = None,
        retry: ChildWriter | None = None,
        open_keys: Collection[str] = (),
    ) -> None:
        self._batch = batch
        self._table = table
        self._job = job
        self._files = files or {}
        self._retry = retry
        self._open_keys = open_keys
        self._not_loaded_keys: set[str] = set()
        self._counts = Counts()
        #: Why the answers do not add up; empty when they do.
        self.mismatch = ""

    def counts(self) -> Counts:
        """What became of the rows."""
        return self._counts

    def children(self) -> list[ChildDraft]:
        """The rows that are to be sent again."""
        return [] if self._retry is None else self._retry.drafts()

    def superseded(self) -> set[str]:
        """Keys of older failed rows that were loaded now."""
        if not self._open_keys:
            return set()
        keys = {key for key in row_keys(self._batch) if key in self._open_keys}
        return keys - self._not_loaded_keys

    def failed_rows(self) -> Iterator[FailedRow]:
        """Each row that did not arrive and is not sent again, with those never sent."""
        yield from self._refused()
        loaded = self._batch.rows
        for row in self._not_loaded():
            loaded -= 1
            kind = self._table.kind(row.error.code, row.error.raw)
            row = replace(row, failure_class=kind.failure_class)
            if row.same_key in self._open_keys:
                self._not_loaded_keys.add(str(row.same_key))
            if self._retry is not None and self._retry.take(row):
                self._counts += Counts(retried=1)
                continue
            self._count(row.error)
            yield row
        named = self._job is None or ResultKind.SUCCESSFUL in self._files
        self._counts += Counts(loaded=loaded, counted=0 if named else loaded)

    def _refused(self) -> Iterator[FailedRow]:
        for path in (self._batch.refused, self._batch.unresolved):
            for row in read_refused(path):
                self._counts += Counts(failed=1, refused=1)
                kind = self._table.kind(row.error.code, row.error.message)
                yield replace(row, failure_class=kind.failure_class)

    def _count(self, error: RowError) -> None:
        if error.code == UNPROCESSED:
            self._counts += Counts(unprocessed=1)
        elif error.code == UNCERTAIN:
            self._counts += Counts(uncertain=1)
        else:
            self._counts += Counts(failed=1)

    def _not_loaded(self) -> Iterator[FailedRow]:
        if self._job is None or self._batch.rows == 0:
            return
        if not self._files:
            yield from all_unprocessed(self._batch)
            return
        with Matcher(self._batch, self._job, self._files) as matcher:
            self.mismatch = matcher.match()
            if matcher.nothing_arrived:
                yield from all_unprocessed(self._batch)
            else:
                yield from matcher.not_loaded()


class AllFailed:
    """The outcome of a batch all of whose rows have the same error; see `journal.Outcome`."""

    def __init__(self, batch: Batch, table: ErrorTable, error: RowError) -> None:
        self._batch = batch
        self._error = error
        self._class = table.kind(error.code, error.raw).failure_class
        self._counts = Counts()

    def failed_rows(self) -> Iterator[FailedRow]:
        """Each row, with those never sent."""
        for path in (self._batch.refused, self._batch.unresolved):
            for row in read_refused(path):
                self._counts += Counts(failed=1, refused=1)
                yield row
        one = Counts(uncertain=1) if self._error.code == UNCERTAIN else Counts(unprocessed=1)
        for _, cells in sent_rows(self._batch.csv):
            self._counts += one
            row = failed_row(self._batch.plan, cells, self._error)
            yield replace(row, failure_class=self._class)

    def superseded(self) -> set[str]:
        """None: nothing was loaded."""
        return set()

    def children(self) -> list[ChildDraft]:
        """None: nothing is sent again."""
        return []

    def counts(self) -> Counts:
        """The sums."""
        return self._counts
