"""The three result files of a job: their rows, and whether their numbers add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.rows.csvfile import read_rows
from target_salesforce_bulk.salesforce.job import JobState, ResultKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.salesforce.job import JobInfo


def result_rows(path: Path) -> Iterator[tuple[dict[str, int], list[str]]]:
    """Each row of a result file with the places of its columns by lower-case name."""
    rows = read_rows(path, strict=False)  # Salesforce has been seen to leave quotes unescaped
    # A body without even a header is how some orgs say that there are no rows.
    header = {name.lower(): place for place, name in enumerate(next(rows, []))}
    for row in rows:
        yield header, row


def count_rows(path: Path) -> int:
    """Rows of a result file."""
    return sum(1 for _ in result_rows(path))


def cell(header: dict[str, int], row: list[str], name: str) -> str:
    """A cell by its column's lower-case name; empty where the file has no such column."""
    place = header.get(name)
    return "" if place is None or place >= len(row) else row[place]


def in_our_order(plan: LoadPlan, header: dict[str, int], row: list[str]) -> list[str]:
    """The cells of a result row in the order of our columns; a column that is missing is empty."""
    places = (header.get(column.header.lower()) for column in plan.columns)
    return ["" if place is None or place >= len(row) else row[place] for place in places]


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
