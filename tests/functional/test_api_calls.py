"""What a load costs in requests, and that sparing them costs no certainty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import contact, schema, state

from target_salesforce_bulk.emulator import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

ROWS = [schema(), *(contact(n) for n in range(20)), state(Contact=20)]
REFUSED = (
    '"sf__Id","sf__Error","External_Id__c","FirstName","LastName","Email"\n'
    '"","UNABLE_TO_LOCK_ROW:busy:--","C-3","Ada","Number 3","ada.3@example.com"\n'
)


def answer_failed_results(org: Emulator, body: str, **facts: Any) -> None:
    """Let something else come in the place of the failed results."""
    path = "*/failedResults/"
    kind = FaultKind.STATUS
    org.inject(Fault(method="GET", path=path, kind=kind, status=200, body=body, **facts))


def test_successful_results_are_not_read_where_nothing_failed(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """The job's counts and the two other results account for every row, and the summary says so."""
    result = load(ROWS)

    assert (result.code, org.count("Contact")) == (0, 20), result.stderr
    asked = [each.path.split("/")[-2] for each in org.requests if each.path.endswith("/")]
    assert asked[-2:] == ["failedResults", "unprocessedrecords"]
    assert org.calls("GET", "*/successfulResults/") == 0
    assert "20 rows counted as loaded because their jobs report no failed rows" in result.stderr


@pytest.mark.parametrize("settings", [{"save_results": "all"}, {"validate_rows": False}])
def test_successful_results_are_read_where_they_tell_something(
    org: Emulator, load: Callable[..., Result], settings: dict[str, Any]
) -> None:
    """Their Ids are wanted, or some row failed, so that the others must be named."""
    bad = [] if "save_results" in settings else [contact(21, Email="nobody")]
    result = load([*ROWS[:-1], *bad], **settings, max_failed_percent=100)

    assert (result.code, org.count("Contact")) == (0, 20), result.stderr
    assert org.calls("GET", "*/successfulResults/") == 1
    assert "by the counts of their jobs" not in result.stderr


def test_counts_are_not_believed_against_the_results(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """A failed row that the counts deny makes the run read all results, and again."""
    answer_failed_results(org, REFUSED)
    result = load(ROWS)

    assert (result.code, org.count("Contact")) == (0, 20), result.stderr
    assert org.calls("GET", "*/failedResults/") == 2
    assert org.calls("GET", "*/successfulResults/") == 1
    assert "20 rows were sent, but the results name 20 successful, 1 failed" in result.stderr


def test_counts_that_stay_in_contradiction_are_an_error(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """The row that one answer calls failed and another loaded is not called loaded."""
    answer_failed_results(org, REFUSED, times=-1)
    result = load(ROWS, row_retries=0)

    assert result.code == 1
    assert "do not add up" in result.stderr
    assert [row["External_Id__c"] for row in result.failed_rows()] == ["C-3"]


def test_results_that_are_not_compressed_as_they_say(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """They are asked for again, plain."""
    answer_failed_results(org, "no gzip at all", headers={"Content-Encoding": "gzip"})
    result = load(ROWS)

    assert (result.code, org.count("Contact")) == (0, 20), result.stderr
    assert "is not encoded as its Content-Encoding says" in result.stderr


@pytest.mark.parametrize("answer", ["accept", "refuse", "ignore"])
@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_compressed_uploads(
    org: Emulator, load: Callable[..., Result], answer: str, operation: str
) -> None:
    """Where Salesforce does not take them, every row arrives all the same, once."""
    org.configure(compressed_uploads=answer)
    rows = [schema(key=None), *ROWS[1:]] if operation == "insert" else ROWS
    result = load(
        rows, operation=operation, compress_uploads=True, batch_size_rows=8, row_retries=0
    )

    assert (result.code, org.count("Contact")) == (0, 20), result.stderr
    assert result.failed_rows() == []
    states = [job["state"] for job in org.jobs()]
    assert states.count("JobComplete") == 3
    assert ("uploads are no longer compressed" in result.stderr) is (answer != "accept")
    if answer == "accept":
        assert states == ["JobComplete"] * 3


def test_polls_follow_the_progress_of_a_job(org: Emulator, load: Callable[..., Result]) -> None:
    """A long job is asked for a few times, not in a steady beat."""
    org.configure(rows_per_second=2000)
    rows = [schema(), *(contact(n) for n in range(4000))]
    result = load(rows, poll_interval_seconds=0.05, poll_max_interval_seconds=30)

    assert (result.code, org.count("Contact")) == (0, 4000), result.stderr
    assert org.calls("GET", "*/jobs/ingest/*AAA") < 12


NO_CLEAR_ANSWER = {
    "busy": {"kind": FaultKind.STATUS, "status": 503},
    "lost": {"kind": FaultKind.RESET_AFTER},
    "unreachable": {"kind": FaultKind.RESET_BEFORE},
    "a page": {"kind": FaultKind.STATUS, "status": 200, "body": "<html>Maintenance</html>"},
}


@pytest.mark.parametrize("answer", NO_CLEAR_ANSWER)
def test_a_create_without_a_clear_answer_is_tried_a_few_times(
    org: Emulator, load: Callable[..., Result], answer: str
) -> None:
    """As often as `request_attempts` says, in all; the next run loads every row once."""
    create = "*/jobs/ingest"
    org.inject(Fault(method="POST", path=create, times=3, **NO_CLEAR_ANSWER[answer]))
    first = load(ROWS, request_attempts=3)
    tried = org.calls("POST", create)
    second = load(ROWS)

    assert (first.code, tried, first.states) == (1, 3, []), first.stderr
    assert (second.code, org.count("Contact")) == (0, 20), second.stderr
