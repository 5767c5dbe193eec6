"""What happens to a closed job."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.emulator.org.processor import Processor

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.behaviour import Behaviour
    from target_salesforce_bulk.emulator.org.job import Job
    from target_salesforce_bulk.emulator.org.records import Records

FIVE_HUNDRED = "Name\n" + "".join(f"N{n}\n" for n in range(500))


@pytest.fixture
def process(records: Records, behaviour: Behaviour) -> Callable[[Job], Job]:
    """Close and process a job."""

    def run(job: Job) -> Job:
        job.close()
        Processor(records, behaviour).process(job)
        return job

    return run


def counts(job: Job) -> dict[str, int]:
    """How many rows each result file has."""
    return {
        kind: len(list(csv.reader(job.result(kind).read_text().splitlines()))) - 1
        for kind in ("successfulResults", "failedResults", "unprocessedrecords")
    }


def rows(successful: int = 0, failed: int = 0, unprocessed: int = 0) -> dict[str, int]:
    return {
        "successfulResults": successful,
        "failedResults": failed,
        "unprocessedrecords": unprocessed,
    }


def numbers(job: Job) -> tuple[str, int, int, str]:
    return job.state, job.processed, job.failed, job.error


def test_a_job_with_good_and_bad_rows(
    process: Callable[[Job], Job], new_job: Callable[..., Job], records: Records
) -> None:
    """It completes; every row is in one result file, and good ones are stored."""
    job = process(new_job("Name,Active__c\nAda,1\nBob,maybe\n,1\n"))

    assert numbers(job) == ("JobComplete", 3, 2, "")
    assert counts(job) == rows(successful=1, failed=2)
    assert [row["Name"] for row in records.rows("Account")] == ["Ada"]


@pytest.mark.parametrize("upload", [None, "", "Name\n"])
def test_a_job_without_rows(
    process: Callable[[Job], Job], new_job: Callable[..., Job], upload: str | None
) -> None:
    """It completes, whether it has an upload or not."""
    assert numbers(process(new_job(upload))) == ("JobComplete", 0, 0, "")


@pytest.mark.parametrize(
    ("upload", "error"),
    [
        ("Nope\nx\n", "InvalidBatch : Field name not found : Nope"),
        (
            "Name\r\nx\r\n",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is "
            "LF",
        ),
    ],
)
def test_a_job_that_fails_as_a_whole(
    process: Callable[[Job], Job], new_job: Callable[..., Job], upload: str, error: str
) -> None:
    """It says why, and its rows are in no result file."""
    job = process(new_job(upload))

    assert numbers(job) == ("Failed", 0, 0, error)
    assert counts(job) == rows()


def test_a_job_that_fails_half_way(
    process: Callable[[Job], Job],
    new_job: Callable[..., Job],
    behaviour: Behaviour,
    records: Records,
) -> None:
    """It keeps what it has processed; the rest is unprocessed."""
    behaviour.stop_after_rows = 300
    job = process(new_job(FIVE_HUNDRED))

    assert numbers(job) == (
        "Failed",
        200,
        0,
        "InternalServerError : Processing of the job stopped.",
    )
    assert counts(job) == rows(successful=200, unprocessed=300)
    assert records.count("Account") == 200


def test_a_key_may_come_again_in_another_chunk(
    process: Callable[[Job], Job], new_job: Callable[..., Job]
) -> None:
    """Each 200 rows are checked by themselves."""
    keys = "".join(f"{n % 201},x\n" for n in range(402))
    job = new_job(f"Key__c,Name\n{keys}", operation="upsert", external_id="Key__c")

    assert numbers(process(job)) == ("JobComplete", 402, 0, "")


def test_a_job_that_is_told_to_fail(
    process: Callable[[Job], Job], new_job: Callable[..., Job], behaviour: Behaviour
) -> None:
    """Before its first row, with the given message."""
    behaviour.configure({"fail_jobs_with": "boom", "fail_jobs_times": 1})

    assert numbers(process(new_job(FIVE_HUNDRED))) == ("Failed", 0, 0, "boom")


def test_rows_that_a_rule_rejects(
    process: Callable[[Job], Job], new_job: Callable[..., Job], behaviour: Behaviour
) -> None:
    """They have the rule's error as it was given."""
    rule: dict[str, Any] = {"error": "BUSY:later:--", "column": "Name", "glob": "A*"}
    behaviour.configure({"rules": [rule]})
    job = process(new_job("Name\nAda\nBob\n"))

    assert job.result("failedResults").read_text() == (
        '"sf__Id","sf__Error",Name\n"","BUSY:later:--","Ada"\n'
    )
    assert counts(job) == rows(successful=1, failed=1)


def test_a_job_that_is_aborted_while_it_is_processed(
    records: Records, behaviour: Behaviour, new_job: Callable[..., Job]
) -> None:
    """It ends before its next chunk."""
    job = new_job(FIVE_HUNDRED)
    job.close()
    job.abort_requested = True
    Processor(records, behaviour).process(job)

    assert numbers(job) == ("Aborted", 0, 0, "")
    assert counts(job) == rows(unprocessed=500)


def test_a_job_that_was_aborted_before(
    records: Records, behaviour: Behaviour, new_job: Callable[..., Job]
) -> None:
    """It is not processed, and has no result files."""
    job = new_job(FIVE_HUNDRED)
    job.close()
    job.abort()
    Processor(records, behaviour).process(job)

    assert numbers(job) == ("Aborted", 0, 0, "")
    assert job.result("successfulResults").exists() is False


def test_a_stopped_processor(
    records: Records, behaviour: Behaviour, new_job: Callable[..., Job]
) -> None:
    """It leaves the rows of the next chunk unprocessed."""
    processor, job = Processor(records, behaviour), new_job(FIVE_HUNDRED)
    job.close()
    processor.stop()
    processor.process(job)

    assert counts(job) == rows(unprocessed=500)
