"""The three result files of a job: their rows, and whether their numbers add up."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.rows.csvfile import read_rows
from target_salesforce_bulk.salesforce.job import JobState, ResultKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.salesforce.job import JobInfo

_CHUNK_BYTES = 1 << 20


def result_rows(
    path: Path, needed: Sequence[str] = ("sf__id",)
) -> Iterator[tuple[dict[str, int], list[str]]]:
    """Each row of a result file with the places of its columns by lower-case name.

    An empty body is how some orgs say that there are no rows. A row may have another number of
    cells than the header: Salesforce has been seen to leave quotes unescaped.

    Args:
        path: The file.
        needed: Columns without which it is no result file, by lower-case name.

    Raises:
        ResponseError: it cannot be read; where it is cut short, after its last row.
    """
    try:
        rows = read_rows(path, strict=False)
        header = {name.lower(): place for place, name in enumerate(next(rows, []))}
        _check_header(path, header, needed)
        row: list[str] = []
        for row in rows:
            if row:
                yield header, row
    except FileNotFoundError:
        raise ResponseError(f"{path.stem} could not be downloaded") from None
    except UnicodeDecodeError:
        raise ResponseError(f"{path.stem} is not UTF-8") from None
    except csv.Error as error:
        raise ResponseError(f"{path.stem} is not CSV: {error}") from None
    if row and _is_cut(path):
        raise ResponseError(f"{path.stem} ends in the middle of a row")


def _check_header(path: Path, header: dict[str, int], needed: Sequence[str]) -> None:
    # The results of a job that got no data name none of its columns.
    without_data = not any(name for name in header if not name.startswith("sf__"))
    for name in needed:
        if header and name not in header and (name == "sf__id" or not without_data):
            raise ResponseError(f"{path.stem} is not a result file: it has no column {name}")


def _is_cut(path: Path) -> bool:
    """Whether a file ends within a cell: up to there its quotes are odd in number."""
    quotes, end = 0, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            quotes += chunk.count(b'"')
            end = chunk[-1:]
    return quotes % 2 == 1 or end not in {b"\n", b'"'}


def needed_columns(plan: LoadPlan, kind: ResultKind) -> list[str]:
    """Columns by which the rows of a result file can be told apart, by lower-case name."""
    own = [] if kind is ResultKind.UNPROCESSED else ["sf__id"]
    if plan.key is not None:
        return [*own, plan.key.lower()]
    return [*own, *(column.header.lower() for column in plan.columns)]


def count_rows(path: Path, needed: Sequence[str] = ("sf__id",)) -> int:
    """Rows of a result file; raises as `result_rows` does."""
    return sum(1 for _ in result_rows(path, needed))


def cell(header: dict[str, int], row: list[str], name: str) -> str:
    """A cell by its column's lower-case name; empty where the file has no such column."""
    place = header.get(name)
    return "" if place is None or place >= len(row) else row[place]


def places_in(header: dict[str, int], plan: LoadPlan) -> list[int | None]:
    """Place in a result file of each column of a plan; none for one that it does not have."""
    return [header.get(column.header.lower()) for column in plan.columns]


def counts_tell(batch: Batch, job: JobInfo) -> bool:
    """Whether a job's counts say of every row that it was loaded."""
    return (
        job.state is JobState.JOB_COMPLETE
        and job.records_processed == batch.rows
        and job.records_failed == 0
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultCounts:
    """How many rows each result file of a job names, against what was sent and what it counts."""

    #: Rows that were sent.
    sent: int
    job: JobInfo
    #: Rows of each file; a file that cannot be read is left out.
    named: Mapping[ResultKind, int]
    #: Why files cannot be read; empty where all can.
    unreadable: str = ""

    @property
    def total(self) -> int:
        """Rows that the readable files name."""
        return sum(self.named.values())

    @property
    def nothing_arrived(self) -> bool:
        """Whether Salesforce processed a job of which it had no data: no row of it was tried."""
        return (
            bool(self.sent)
            and not self.unreadable
            and not self.total
            and self.job.records_processed == 0
        )

    def believes(self, kind: ResultKind) -> bool:
        """Whether a file names as many rows as the job counts.

        Where the job counts nothing, all files must be there and name every row.
        """
        counted = self._counted(kind)
        if counted is None:
            return not self.unreadable and self.total == self.sent
        return self.named.get(kind) == counted

    def explain(self) -> str:
        """Why the numbers do not add up; empty when they do."""
        if self.nothing_arrived:
            return ""
        return self.unreadable or self._explain_total() or self._explain_counts()

    def _explain_total(self) -> str:
        if self.total == self.sent:
            return ""
        successful, failed, unprocessed = (self.named[kind] for kind in ResultKind)
        return (
            f"{self.sent} rows were sent, but the results name {successful} successful, "
            f"{failed} failed and {unprocessed} unprocessed ones"
        )

    def _explain_counts(self) -> str:
        for kind, word in (
            (ResultKind.FAILED, "failed"),
            (ResultKind.UNPROCESSED, "unprocessed"),
            (ResultKind.SUCCESSFUL, "successful"),
        ):
            counted = self._counted(kind)
            if counted not in {None, self.named[kind]}:
                return f"the job counts {counted} {word} rows, its results name {self.named[kind]}"
        return ""

    def _counted(self, kind: ResultKind) -> int | None:
        processed, failed = self.job.records_processed, self.job.records_failed
        if kind is ResultKind.FAILED:
            return failed
        if processed is None:
            return None
        if kind is ResultKind.UNPROCESSED:
            return self.sent - processed
        return None if failed is None else processed - failed


def explain_mismatch(batch: Batch, job: JobInfo, files: Mapping[ResultKind, Path]) -> str:
    """Why the results of a job do not add up; empty when they do.

    Without the successful ones, the job's counts stand for them: where `counts_tell`, the other
    two files must then be empty.
    """
    named: dict[ResultKind, int] = {}
    reasons = []
    for kind in ResultKind:
        if kind not in files:
            named[kind] = job.records_processed or 0
            continue
        try:
            named[kind] = count_rows(files[kind], needed_columns(batch.plan, kind))
        except ResponseError as error:
            reasons.append(str(error))
    return ResultCounts(
        sent=batch.rows, job=job, named=named, unreadable="; ".join(reasons)
    ).explain()
