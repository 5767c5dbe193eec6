"""What became of each row of a batch, by Salesforce's three result files.

Result files come in any order, with columns in any order, and with values re-serialised by type
(912260031 comes back as 9.12260031E8), so rows are matched by their key: the external ID of an
upsert, the Id of an update or delete, and for an insert the whole row in canonical form. Equal rows
of an insert are interchangeable and are counted. What is kept of a failed row is always our own CSV
row, never the echo.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/get_job_failed_results.htm
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.failed_rows import FailedRow, RowError, read_refused
from target_salesforce_bulk.loading.settling.error_table import UNCERTAIN, UNPROCESSED
from target_salesforce_bulk.rows.canonical import canonical, canonical_key
from target_salesforce_bulk.rows.csvfile import CsvFile, encode_row, read_rows
from target_salesforce_bulk.salesforce.job import JobState, ResultKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.loading.settling.child_batches import ChildDraft, ChildWriter
    from target_salesforce_bulk.loading.settling.error_table import ErrorTable
    from target_salesforce_bulk.salesforce.job import JobInfo

_LEFT_ALONE = RowError(
    code=UNPROCESSED, message="The job ended before Salesforce came to this row.", raw=UNPROCESSED
)


class Settlement:
    """The outcome of every row of a batch whose job has ended; see `journal.Outcome`.

    Args:
        batch: The batch.
        table: What errors mean.
        job: Its job as it ended; none where every row was refused before sending.
        files: The result files of the job; without the successful ones where `counts_tell`.
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
        if self._batch.rows == 0:
            return
        if self._refused_as_a_whole():
            yield from all_unprocessed(self._batch)
            return
        with _Matcher(self._batch.plan) as matcher:
            failed = matcher.expect_failed(self._files[ResultKind.FAILED])
            unprocessed = matcher.expect_unprocessed(self._files[ResultKind.UNPROCESSED])
            if self._job is not None:
                self.mismatch = explain_mismatch(self._batch, self._job, self._files)
            if not self.mismatch and failed == unprocessed == 0:
                if self._job is not None and self._job.records_processed == 0:
                    yield from all_unprocessed(self._batch)
                return
            matcher.match(self._batch.csv)
            if matcher.unmatched and not self.mismatch:
                self.mismatch = f"{matcher.unmatched} results match no row that was sent"
            if self.mismatch:
                # Only rows that Salesforce names as successful may be called loaded now.
                matcher.doubt(self._batch.csv, self._files[ResultKind.SUCCESSFUL], self.mismatch)
            yield from matcher.not_loaded(self._batch.csv)

    def _refused_as_a_whole(self) -> bool:
        """Whether the job failed before its first row; result files may then tell nothing."""
        job = self._job
        return job is not None and job.state is JobState.FAILED and not job.records_processed


def counts_tell(batch: Batch, job: JobInfo) -> bool:
    """Whether a job's counts say of every row that it was loaded."""
    return (
        job.state is JobState.JOB_COMPLETE
        and job.records_processed == batch.rows
        and job.records_failed == 0
    )


def explain_mismatch(batch: Batch, job: JobInfo, files: Mapping[ResultKind, Path]) -> str:
    """Why the results of a job do not add up; empty when they do.

    Without the successful ones, the job's counts stand for them: where `counts_tell`, the other
    two files must then be empty.
    """
    failed, unprocessed = (
        count_rows(files[kind]) for kind in (ResultKind.FAILED, ResultKind.UNPROCESSED)
    )
    if ResultKind.SUCCESSFUL in files:
        successful = count_rows(files[ResultKind.SUCCESSFUL])
    else:
        successful = job.records_processed or 0
    if _nothing_arrived(batch, job, successful + failed + unprocessed):
        return ""
    if successful + failed + unprocessed != batch.rows:
        return (
            f"{batch.rows} rows were sent, but the results name {successful} successful, "
            f"{failed} failed and {unprocessed} unprocessed ones"
        )
    if job.records_failed not in {None, failed}:
        return f"the job counts {job.records_failed} failed rows, its results {failed}"
    return ""


def _nothing_arrived(batch: Batch, job: JobInfo, named: int) -> bool:
    """Whether Salesforce processed a job of which it had no data: no row of it was tried."""
    return bool(batch.rows) and not named and job.records_processed == 0


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
        for _, cells in _sent_rows(self._batch.csv):
            self._counts += one
            row = _failed_row(self._batch.plan, cells, self._error)
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


def row_keys(batch: Batch) -> Iterator[str]:
    """The key of each row that is sent, in the form in which keys compare; none for an insert."""
    place = batch.plan.label_index
    if place is None or not batch.rows:
        return iter(())
    same = canonical_key(batch.plan.columns[place].field)
    return (same(row[place]) for _, row in _sent_rows(batch.csv))


def write_ids(path: Path, batch: Batch, successful: Path) -> None:
    """Write the Ids of the records that a batch has written, beside its key.

    The columns are `sf__Id`, `sf__Created` and the key; for an insert without one, all columns as
    Salesforce gives them back. Readable by its owner only, and whole or not there at all.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = batch.plan.label_index
    columns = batch.plan.columns if place is None else (batch.plan.columns[place],)
    by_id = _keys_by_id(batch) if batch.plan.label is not None else {}
    draft = path.with_suffix(".part")
    draft.unlink(missing_ok=True)
    names = ["sf__Id", "sf__Created", *(column.header for column in columns)]
    file = CsvFile.create(draft, encode_row(names))
    for header, row in _result_rows(successful):
        record_id = _cell(header, row, "sf__id")
        cells = [_cell(header, row, column.header.lower()) for column in columns]
        if record_id[:15] in by_id:
            cells = [by_id[record_id[:15]]]
        file.write(encode_row([record_id, _cell(header, row, "sf__created"), *cells]))
    file.seal()
    draft.replace(path)


def _keys_by_id(batch: Batch) -> dict[str, str]:
    """The keys that Ids were looked up by, which are not sent and do not come back."""
    place, label = batch.plan.key_index or 0, batch.plan.label_index or 0
    return {row[place][:15]: row[label] for _, row in _sent_rows(batch.csv)}


def all_unprocessed(batch: Batch) -> Iterator[FailedRow]:
    """Every row of a batch that Salesforce did not come to."""
    return (_failed_row(batch.plan, row, _LEFT_ALONE) for _, row in _sent_rows(batch.csv))


def _failed_row(plan: LoadPlan, row: list[str], error: RowError) -> FailedRow:
    place = plan.label_index
    key = None if place is None else row[place]
    same = None if place is None else canonical_key(plan.columns[place].field)
    return FailedRow(
        row=dict(zip((column.header for column in plan.columns), row, strict=True)),
        error=error,
        key=key,
        same_key=None if same is None or key is None else same(key),
    )


class _Matcher:
    """Matches result rows to sent rows in a scratch database, so that memory stays bounded."""

    def __init__(self, plan: LoadPlan) -> None:
        self._plan = plan
        self._key = _key_function(plan)
        # An empty name is SQLite's private temporary database: in memory while it is small, on
        # disk when it is not, and gone when it is closed.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(
            "CREATE TABLE result (id INTEGER PRIMARY KEY, key TEXT, error TEXT, row INTEGER);"
            "CREATE INDEX open_results ON result (key) WHERE row IS NULL;"
            "CREATE TABLE success (key TEXT PRIMARY KEY, times INTEGER) WITHOUT ROWID;"
            "BEGIN;"
        )
        self.unmatched = 0

    def __enter__(self) -> _Matcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def expect_failed(self, path: Path) -> int:
        """Take in the failed results, and count them."""
        return self._expect(path, "sf__error")

    def expect_unprocessed(self, path: Path) -> int:
        """Take in the unprocessed records, and count them."""
        return self._expect(path, None)

    def _expect(self, path: Path, error_column: str | None) -> int:
        added = 0
        for header, row in _result_rows(path):
            error = _LEFT_ALONE.raw if error_column is None else _cell(header, row, error_column)
            self._db.execute(
                "INSERT INTO result (key, error) VALUES (?, ?)",
                (self._key(_in_our_order(self._plan, header, row)), error),
            )
            added += 1
        self.unmatched += added
        return added

    def match(self, sent: Path) -> None:
        """Find the row that each result speaks of."""
        for number, row in _sent_rows(sent):
            if self.unmatched == 0:
                return
            cursor = self._db.execute(
                "UPDATE result SET row = ? WHERE id ="
                " (SELECT id FROM result WHERE key = ? AND row IS NULL LIMIT 1)",
                (number, self._key(row)),
            )
            self.unmatched -= cursor.rowcount

    def doubt(self, sent: Path, successful: Path, why: str) -> None:
        """Call every row uncertain that is neither matched yet nor among the successful ones."""
        for header, row in _result_rows(successful):
            self._db.execute(
                "INSERT INTO success VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1",
                (self._key(_in_our_order(self._plan, header, row)),),
            )
        matched = {row for (row,) in self._db.execute("SELECT row FROM result")}
        for number, row in _sent_rows(sent):
            if number not in matched and not self._take_success(self._key(row)):
                self._db.execute(
                    "INSERT INTO result (error, row) VALUES (?, ?)",
                    (f"{UNCERTAIN}:Salesforce's answers do not add up: {why}:--", number),
                )

    def _take_success(self, key: str) -> bool:
        cursor = self._db.execute(
            "UPDATE success SET times = times - 1 WHERE key = ? AND times > 0", (key,)
        )
        return cursor.rowcount == 1

    def not_loaded(self, sent: Path) -> Iterator[FailedRow]:
        """The sent rows that have a result other than success, in the order in which they went."""
        results = self._db.execute(
            "SELECT row, error FROM result WHERE row IS NOT NULL ORDER BY row"
        )
        following = results.fetchone()
        for number, row in _sent_rows(sent):
            if following is None:
                return
            if number == following[0]:
                yield _failed_row(self._plan, row, _error(following[1]))
                following = results.fetchone()


def _error(text: str) -> RowError:
    return _LEFT_ALONE if text == _LEFT_ALONE.raw else RowError.parse(text)


def _key_function(plan: LoadPlan) -> Callable[[Sequence[str]], str]:
    place = plan.key_index
    if place is not None:
        same = canonical_key(plan.columns[place].field)
        return lambda row: same(row[place])
    cells = [canonical(column.field) for column in plan.columns]

    def fingerprint(row: Sequence[str]) -> str:
        text = "\x1f".join(same(cell) for same, cell in zip(cells, row, strict=True))
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    return fingerprint


def _sent_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    rows = read_rows(path)
    next(rows)
    return enumerate(rows)


def _result_rows(path: Path) -> Iterator[tuple[dict[str, int], list[str]]]:
    """Each row of a result file with the places of its columns by lower-case name."""
    rows = read_rows(path, strict=False)  # Salesforce has been seen to leave quotes unescaped
    # A body without even a header is how some orgs say that there are no rows.
    header = {name.lower(): place for place, name in enumerate(next(rows, []))}
    for row in rows:
        yield header, row


def count_rows(path: Path) -> int:
    """Rows of a result file."""
    return sum(1 for _ in _result_rows(path))


def _cell(header: dict[str, int], row: list[str], name: str) -> str:
    place = header.get(name)
    return "" if place is None or place >= len(row) else row[place]


def _in_our_order(plan: LoadPlan, header: dict[str, int], row: list[str]) -> list[str]:
    """The cells of a result row in the order of our columns; a column that is missing is empty."""
    places = (header.get(column.header.lower()) for column in plan.columns)
    return ["" if place is None or place >= len(row) else row[place] for place in places]
