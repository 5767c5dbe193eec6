"""A result file is read as far as it is one, and the numbers of all three must add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sample_batches import make_plan

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.loading.settling.result_files import (
    ResultCounts,
    cell,
    count_rows,
    needed_columns,
    places_in,
    result_rows,
)
from target_salesforce_bulk.salesforce.job import JobInfo, JobState, Operation, ResultKind

if TYPE_CHECKING:
    from pathlib import Path

SUCCESSFUL, FAILED, UNPROCESSED = ResultKind


def counts(named: tuple[int, int, int], processed: int | None, failed: int | None) -> ResultCounts:
    """What the files name of three rows that were sent, and what the job counts."""
    return ResultCounts(
        sent=3,
        job=JobInfo(
            id="750",
            object="Contact",
            operation=Operation.INSERT,
            state=JobState.JOB_COMPLETE,
            records_processed=processed,
            records_failed=failed,
        ),
        named=dict(zip(ResultKind, named, strict=True)),
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'"a","b"\n"1","2"\n', "is not a result file: it has no column sf__id"),
        (b'"sf__Id","a"\n"1","2', "ends in the middle of a row"),
        (b'"sf__Id","a"\n"1","\xff"\n', "is not UTF-8"),
        (None, "could not be downloaded"),
    ],
)
def test_what_is_no_result_file(tmp_path: Path, content: bytes | None, says: str) -> None:
    """An error names the file, and why."""
    path = tmp_path / "failedResults.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ResponseError, match=f"^failedResults {says}"):
        count_rows(path)


def test_an_empty_body_has_no_rows(tmp_path: Path) -> None:
    """Some orgs say so in that way."""
    path = tmp_path / "x.csv"
    path.write_bytes(b"")

    assert count_rows(path) == 0


def test_rows_with_the_places_of_their_columns(tmp_path: Path) -> None:
    """Whatever the case and the order of the header; a row may be short."""
    path = tmp_path / "x.csv"
    path.write_bytes(b'"LASTNAME","sf__Id","Key__c"\n"Ada","1","k"\n"Grace"\n')
    ((header, full), (_, short)) = result_rows(path)

    assert places_in(header, make_plan()) == [2, 0]
    assert [cell(header, row, "key__c") for row in (full, short)] == ["k", ""]
    assert cell(header, full, "sf__error") == ""


@pytest.mark.parametrize(
    ("key", "kind", "columns"),
    [
        ("Key__c", FAILED, ["sf__id", "key__c"]),
        ("Key__c", UNPROCESSED, ["key__c"]),
        (None, SUCCESSFUL, ["sf__id", "key__c", "lastname"]),
    ],
)
def test_columns_that_tell_rows_apart(key: str | None, kind: ResultKind, columns: str) -> None:
    """The key, or for an insert all of them."""
    assert needed_columns(make_plan(key=key), kind) == columns


@pytest.mark.parametrize(
    ("named", "processed", "failed", "why"),
    [
        ((2, 1, 0), 3, 1, ""),
        ((2, 1, 0), None, None, ""),
        ((0, 0, 0), 0, 0, ""),
        (
            (1, 1, 0),
            3,
            1,
            "3 rows were sent, but the results name 1 successful, 1 failed and 0 unprocessed ones",
        ),
        ((2, 1, 0), 3, 0, "the job counts 0 failed rows, its results name 1"),
        ((2, 0, 1), 3, 0, "the job counts 0 unprocessed rows, its results name 1"),
    ],
)
def test_whether_the_numbers_add_up(
    named: tuple[int, int, int], processed: int | None, failed: int | None, why: str
) -> None:
    """Files against what was sent and what the job counts; a job without data is a case apart."""
    assert counts(named, processed, failed).explain() == why


def test_a_file_is_believed_that_the_job_counts_alike() -> None:
    """Also where another one is not."""
    found = counts((1, 1, 0), 3, 1)

    assert [found.believes(kind) for kind in ResultKind] == [False, True, True]
