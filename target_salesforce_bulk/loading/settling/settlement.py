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
from itertools import chain
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.failed_rows import FailedRow, RowError, read_refused
from target_salesforce_bulk.journal.order import Written, left_of
from target_salesforce_bulk.journal.outcome import sum_of
from target_salesforce_bulk.loading.settling.matcher import Matcher
from target_salesforce_bulk.loading.settling.sent_rows import (
    all_unprocessed,
    failed_row,
    rows_by_key,
    sent_rows,
)
from target_salesforce_bulk.salesforce.job import ResultKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, ChildDraft, LoadPlan
    from target_salesforce_bulk.journal.outcome import LoadedRow
    from target_salesforce_bulk.loading.settling.child_batches import ChildWriter
    from target_salesforce_bulk.loading.settling.error_table import ErrorTable
    from target_salesforce_bulk.salesforce.job import JobInfo


def as_stored(row: FailedRow, plan: LoadPlan) -> FailedRow:
    """A refused row without what later rows of its batch say of its record."""
    written = Written(fields=frozenset(row.overwritten))
    left = left_of(row.row, plan.key_field, written, loaded=False)
    return row if not row.overwritten or left is None else replace(row, row=left)


class Settlement:
    """The outcome of every row of a batch whose job has ended; see `journal.Outcome`.

    Args:
        batch: The batch.
        table: What errors mean.
        job: Its job as it ended; none where every row was refused before sending.
        files: The result files of the job; without the successful ones where `counts_tell`, and
            none where the job failed before its first row.
        retry: Takes rows that are to be sent again.
    """

    def __init__(
        self,
        batch: Batch,
        table: ErrorTable,
        job: JobInfo | None = None,
        files: Mapping[ResultKind, Path] | None = None,
        retry: ChildWriter | None = None,
    ) -> None:
        self._batch = batch
        self._table = table
        self._job = job
        self._files = files or {}
        self._retry = retry
        self._counts = Counts()
        self._rows_not_loaded = 0
        #: Why the answers do not add up; empty when they do.
        self.mismatch = ""

    def counts(self) -> Counts:
        """What became of the rows."""
        return self._counts

    def children(self) -> list[ChildDraft]:
        """The rows that are to be sent again."""
        return [] if self._retry is None else self._retry.drafts()

    def refused(self) -> Iterator[FailedRow]:
        """The rows that were refused while the batch was filled."""
        for row in read_refused(self._batch.refused):
            if row.superseded:
                self._counts += Counts(superseded=1)
            else:
                yield self._local(as_stored(row, self._batch.plan))

    def sent(self, *, loaded: bool) -> Iterator[FailedRow | LoadedRow]:
        """Each other row that did not arrive and is not sent again; see `journal.Outcome`."""
        yield from map(self._local, read_refused(self._batch.unresolved))
        if loaded:
            yield from self._all_sent()
        else:
            yield from filter(None, map(self._kept, self._not_loaded()))
        self._count_loaded()

    def _local(self, row: FailedRow) -> FailedRow:
        self._counts += Counts(failed=1, refused=1)
        kind = self._table.kind(row.error.code, row.error.message)
        return replace(row, failure_class=kind.failure_class)

    def _all_sent(self) -> Iterator[FailedRow | LoadedRow]:
        """The rows as they were sent: those that arrived among those that are to be stored."""
        not_loaded = self._not_loaded()
        following = next(not_loaded, None)
        for row in rows_by_key(self._batch.plan, self._batch.csv) if self._batch.rows else ():
            if following is None or row.same_key != following.same_key:
                yield row
                continue
            if kept := self._kept(following):
                yield kept
            following = next(not_loaded, None)
        rest = () if following is None else chain((following,), not_loaded)
        yield from filter(None, map(self._kept, rest))

    def _kept(self, row: FailedRow) -> FailedRow | None:
        """A row that did not arrive with its class; None where it is sent again."""
        self._rows_not_loaded += 1
        kind = self._table.kind(row.error.code, row.error.raw)
        row = replace(row, failure_class=kind.failure_class)
        if self._retry is not None and self._retry.take(row):
            self._counts += Counts(retried=1)
            return None
        self._counts += sum_of(row)
        return row

    def _count_loaded(self) -> None:
        loaded = self._batch.rows - self._rows_not_loaded
        named = self._job is None or ResultKind.SUCCESSFUL in self._files
        self._counts += Counts(loaded=loaded, counted=0 if named else loaded)

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

    def refused(self) -> Iterator[FailedRow]:
        """The rows that were refused while the batch was filled."""
        for row in read_refused(self._batch.refused):
            if row.superseded:
                self._counts += Counts(superseded=1)
            else:
                yield self._local(as_stored(row, self._batch.plan))

    def sent(self, *, loaded: bool) -> Iterator[FailedRow | LoadedRow]:
        """Each other row."""
        yield from map(self._local, read_refused(self._batch.unresolved))
        for _, cells in sent_rows(self._batch.csv):
            row = failed_row(self._batch.plan, cells, self._error)
            self._counts += sum_of(row)
            yield replace(row, failure_class=self._class)

    def _local(self, row: FailedRow) -> FailedRow:
        self._counts += sum_of(row)
        return row

    def children(self) -> list[ChildDraft]:
        """None: nothing is sent again."""
        return []

    def counts(self) -> Counts:
        """The sums."""
        return self._counts
