"""What the org allows in a day is not used up by a load, and reaching its end loses nothing."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import contact, schema, state

from target_salesforce_bulk.emulator import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

ROWS = [schema(key=None), *(contact(n) for n in range(40)), state(Contact=40)]
INSERT = {"operation": "insert", "batch_size_rows": 10}
ALL = sorted(f"C-{n}" for n in range(40))
CREATE = "*/jobs/ingest"


def loaded(org: Emulator) -> list[str]:
    return sorted(row["External_Id__c"] for row in org.rows("Contact"))


def metrics(result: Result) -> dict[str, Any]:
    """The metrics of the cost, by name and status."""
    points = [json.loads(line) for line in re.findall(r"METRIC: (.*)", result.stderr)]
    return {
        "/".join([each["metric"], *filter(None, [each["tags"].get("status")])]): each["value"]
        for each in points
        if each["metric"].startswith(("http_", "token_", "org_"))
    }


def test_a_run_that_passes_the_percentage(org: Emulator, load: Callable[..., Result]) -> None:
    """Started jobs are finished and no other is started; the next day's run loads the rest."""
    org.configure(daily_api_requests=40)
    stopped = load(ROWS, **INSERT, api_usage_limit_percent=30)
    some, states = loaded(org), [job["state"] for job in org.jobs()]
    org.org.api_calls = 0
    again = load(ROWS, **INSERT)

    assert (stopped.code, stopped.states) == (1, []), stopped.stderr
    assert re.search(
        r"The org has used \d\d of the 40 API requests that it has in 24 hours, \d\d\.\d %; "
        r"api_usage_limit_percent is 30\. No further job was started, and nothing is lost: run "
        r"again when less is used, or raise api_usage_limit_percent\.$",
        stopped.last_line,
    )
    assert 0 < len(some) < 40
    assert set(states) == {"JobComplete"}
    assert len(some) == 10 * len(states)
    assert "Traceback" not in stopped.stderr
    assert (again.code, loaded(org), again.bookmarks[-1]) == (0, ALL, {"Contact": 40}), again.stderr


def test_a_stream_that_is_covered_keeps_its_bookmark(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """STATE covers what was loaded before the limit, and nothing else."""
    org.configure(daily_api_requests=40)
    rows = [schema(key=None)]
    for number in range(40):
        rows += [contact(number), state(Contact=number)]
    stopped = load(rows, **INSERT, api_usage_limit_percent=30, state_ledger=False)

    assert stopped.code == 1
    assert stopped.bookmarks[-1] == {"Contact": len(loaded(org)) - 1}


def test_a_run_whose_limit_is_passed_already(org: Emulator, load: Callable[..., Result]) -> None:
    """It starts no job."""
    org.configure(daily_api_requests=100)
    org.org.api_calls = 90
    result = load(ROWS, **INSERT)

    assert (result.code, result.states, org.jobs()) == (1, [], []), result.stderr
    assert "api_usage_limit_percent is 90" in result.last_line
    assert org.calls("POST", CREATE) == 0


def test_a_run_without_rows_needs_no_allowance(org: Emulator, load: Callable[..., Result]) -> None:
    """It starts no job, so nothing stops it."""
    org.org.api_calls = 99_000
    result = load([ROWS[0], ROWS[-1]], **INSERT)

    assert (result.code, result.bookmarks) == (0, [{"Contact": 40}]), result.stderr


def test_an_org_that_does_not_say_what_is_used(org: Emulator, load: Callable[..., Result]) -> None:
    """Nothing stops the run, and the summary claims nothing."""
    org.configure(report_api_usage=False)
    org.org.api_calls = 99_000
    result = load(ROWS, **INSERT)

    assert (result.code, loaded(org)) == (0, ALL), result.stderr
    assert "The org has used" not in result.stderr
    assert "org_api_requests_used" not in metrics(result)


def test_rows_to_be_resent_wait_for_the_next_run(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """They are in no tap's input any more, and are not stored as failed either."""
    lock = "UNABLE_TO_LOCK_ROW:busy:--"
    org.configure(
        rules=[{"error": lock, "column": "External_Id__c", "glob": "C-7", "once_per_row": True}],
        daily_api_requests=40,
    )
    few = [*ROWS[:11], ROWS[-1]]
    stopped = load(few, **INSERT, api_usage_limit_percent=15)
    some, failed = loaded(org), stopped.failed_rows()
    org.org.api_calls = 0
    again = load(few, **INSERT)

    assert (stopped.code, len(some), failed) == (1, 9, []), stopped.stderr
    assert (again.code, loaded(org)) == (0, sorted(f"C-{n}" for n in range(10))), again.stderr


def test_stored_rows_stay_stored(
    org: Emulator, load: Callable[..., Result], act: Callable[..., Any]
) -> None:
    """`failed retry` starts no job either."""
    org.configure(rules=[{"error": "UNABLE_TO_LOCK_ROW:busy:--"}])
    load([*ROWS[:3], ROWS[-1]], **INSERT, max_failed_percent=100, row_retries=0)
    org.configure(rules=[])
    jobs, org.org.api_calls = len(org.jobs()), 99_000
    stopped = act("failed", "retry", **INSERT)
    still = len(org.jobs())
    org.org.api_calls = 0
    again = act("failed", "retry", **INSERT)

    assert (stopped.returncode, still) == (1, jobs), stopped.stderr
    assert "api_usage_limit_percent is 90" in stopped.stderr.splitlines()[-1]
    assert (again.returncode, loaded(org)) == (0, ["C-0", "C-1"]), again.stderr


JOB = "*/jobs/ingest/???????????????AAA"
ENDPOINTS = {
    "describe": ("GET", "*/describe"),
    "create": ("POST", CREATE),
    "upload": ("PUT", "*/batches"),
    "close": ("PATCH", JOB),
    "poll": ("GET", JOB),
    "failed results": ("GET", "*/failedResults/"),
    "unprocessed records": ("GET", "*/unprocessedrecords/"),
}


@pytest.mark.parametrize(
    ("endpoint", "after"),
    [*((name, 0) for name in ENDPOINTS), *((name, 1) for name in ENDPOINTS if name != "describe")],
)
def test_the_daily_limit_in_the_middle_of_a_run(
    org: Emulator, load: Callable[..., Result], endpoint: str, after: int
) -> None:
    """One clear line, no request repeated; the next run loads every row once."""
    method, path = ENDPOINTS[endpoint]
    kind = FaultKind.DAILY_LIMIT
    org.inject(Fault(method=method, path=path, kind=kind, times=-1, after=after))
    broken = load(ROWS, **INSERT, max_concurrent_jobs=1)
    refused = [each for each in org.requests if each.status == 403]
    org.org.faults.clear()
    again = load(ROWS, **INSERT)

    assert (again.code, loaded(org)) == (0, ALL), again.stderr
    assert (broken.code, len(refused)) == (1, 1), broken.stderr
    assert "REQUESTLIMITEXCEEDED" in broken.last_line
    assert "24-hour allowance is used up" in broken.last_line
    assert "Traceback" not in broken.stderr


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_requests_refused_because_of_others_at_once(
    org: Emulator, load: Callable[..., Result], endpoint: str
) -> None:
    """They are sent again after a wait, also those that must not take effect twice."""
    method, path = ENDPOINTS[endpoint]
    org.inject(Fault(method=method, path=path, kind=FaultKind.CONCURRENT_LIMIT, times=2))
    result = load(ROWS, **INSERT)

    assert (result.code, loaded(org), len(org.jobs())) == (0, ALL, 4), result.stderr
    assert "Retried requests: 2, after waiting" in result.stderr
    assert metrics(result)["http_retry_count"] == 2
    assert metrics(result)["http_retry_wait_seconds"] > 0


def test_requests_refused_because_of_others_without_end(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """The daily allowance is not blamed."""
    org.inject(Fault(method="POST", path=CREATE, kind=FaultKind.CONCURRENT_LIMIT, times=-1))
    result = load(ROWS, **INSERT, request_attempts=2)

    assert result.code == 1
    assert "lower max_concurrent_jobs" in result.last_line
    assert "24-hour" not in result.stderr


def test_what_is_used_and_left(org: Emulator, load: Callable[..., Result]) -> None:
    """The summary and the metrics say the same, and what the org counts."""
    result = load(ROWS, **INSERT)
    used, sent = org.org.api_calls, len(org.requests)
    left = 100_000 - used

    assert result.code == 0
    assert (
        f"The org has used {used} of 100,000 API requests in 24 hours; {left:,} are left."
        in result.stderr.splitlines()
    )
    assert metrics(result) == {
        "http_request_count": sent,
        "http_retry_count": 0,
        "http_retry_wait_seconds": 0.0,
        "token_refresh_count/succeeded": 0,
        "token_refresh_count/failed": 0,
        "org_api_requests_used": used,
        "org_api_requests_left": left,
    }


def test_sessions_that_expire(org: Emulator, load: Callable[..., Result]) -> None:
    """Each renewal is counted."""
    body = json.dumps([{"errorCode": "INVALID_SESSION_ID", "message": "Session expired"}])
    expired = {"kind": FaultKind.STATUS, "status": 401, "body": body}
    org.inject(Fault(method="POST", path=CREATE, times=1, **expired))  # type: ignore[arg-type]
    result = load(ROWS, **INSERT)

    assert (result.code, loaded(org)) == (0, ALL), result.stderr
    assert "The session expired 1 time and was renewed 1 time." in result.stderr
    assert metrics(result)["token_refresh_count/succeeded"] == 1


def test_every_request_names_the_program(org: Emulator, load: Callable[..., Result]) -> None:
    """Token requests too, so that an administrator finds them in the event log."""
    load(ROWS, **INSERT)

    assert org.calls("POST", "*/token") == 1
    assert {each.call_options for each in org.requests} == {
        f"client=target-salesforce-bulk/{version('target-salesforce-bulk')}"
    }
