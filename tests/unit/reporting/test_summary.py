"""The text of a run's summary."""

from __future__ import annotations

from pathlib import Path

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.failed_rows import FailureClass
from target_salesforce_bulk.journal.failure_store import FailureGroup
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.loading.tally import StreamTally
from target_salesforce_bulk.reporting.summary import accounting, cost_lines, failure_lines, table
from target_salesforce_bulk.salesforce.limits import ApiUsage
from target_salesforce_bulk.salesforce.meter import Traffic

PEOPLE = StreamTally(
    stream="people",
    sobject="Contact",
    read=12345,
    merged=1,
    jobs=2,
    api_calls=16,
    counts=Counts(loaded=12000, failed=300, unprocessed=40, uncertain=4, refused=3, retried=7),
    started_at=1.0,
    ended_at=3.25,
)


def test_the_table() -> None:
    """Names to the left, numbers to the right; `failed` is every row that was not loaded."""
    lines = table([PEOPLE, StreamTally(stream="a", sobject="B")])

    assert lines == [
        "stream              read  loaded  failed  refused  retried  merged  jobs  API calls"
        "  seconds",
        "people → Contact  12,345  12,000     344        3        7       1     2         16"
        "      2.2",
        "a → B                  0       0       0        0        0       0     0          0"
        "      0.0",
    ]


def test_rows_that_only_counts_vouch_for() -> None:
    """They are summed over all streams; without any, there is no line."""
    counted = StreamTally(stream="a", sobject="B", counts=Counts(loaded=5000, counted=5000))

    assert accounting([PEOPLE]) == ""
    assert accounting([PEOPLE, counted]) == (
        "5,000 rows counted as loaded because their jobs report no failed rows "
        "(save_results: all also fetches their Ids)."
    )


def test_what_the_run_cost() -> None:
    """Only what occurred, and what the org says."""
    traffic = Traffic(requests=30, retries=2, wait_seconds=1.26, refreshes=2, refreshed=1)

    assert cost_lines(Traffic(requests=30), None) == []
    assert cost_lines(traffic, ApiUsage(13_500, 15_000)) == [
        "Retried requests: 2, after waiting 1.3 seconds in all.",
        "The session expired 2 times and was renewed 1 time.",
        "The org has used 13,500 of 15,000 API requests in 24 hours; 1,500 are left.",
    ]


def test_an_allowance_that_is_exceeded() -> None:
    """Nothing is left, and no less than nothing."""
    assert cost_lines(Traffic(), ApiUsage(11, 10)) == [
        "The org has used 11 of 10 API requests in 24 hours; 0 are left."
    ]


def test_failure_lines() -> None:
    """Each stream's file, then its groups with keys and a hint where there are any."""
    groups = [
        FailureGroup(
            stream=stream,
            code=code,
            failure_class=FailureClass.PERMANENT,
            rows=1200,
            message="no",
            keys=keys,
        )
        for stream, code, keys in (
            ("people", "MALFORMED_ID", ("K-1", "K-2")),
            ("people", "NEW_CODE", ()),
            ("users", "NEW_CODE", ("U-1",)),
            ("not in files", "NEW_CODE", ()),
        )
    ]
    files = {"people": Path("p.csv"), "users": Path("u.csv")}
    hint = ErrorTable().kind("MALFORMED_ID", "no").hint

    assert failure_lines(groups, files, ErrorTable()) == [
        "Failed rows of people: p.csv",
        "  1,200 x MALFORMED_ID: no  [K-1, K-2]",
        f"      {hint}",
        "  1,200 x NEW_CODE: no",
        "Failed rows of users: u.csv",
        "  1,200 x NEW_CODE: no  [U-1]",
    ]
