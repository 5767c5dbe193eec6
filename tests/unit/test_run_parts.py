"""Settings reach the parts of a run that they govern."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from target_salesforce_bulk import run as module
from target_salesforce_bulk.loading.guards.api_usage import ApiUsageLimit
from target_salesforce_bulk.loading.guards.deletes import DeleteLimits
from target_salesforce_bulk.login.connect import connect
from target_salesforce_bulk.run import Run
from target_salesforce_bulk.salesforce.client import Client
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.limits import ApiUsage
from target_salesforce_bulk.settings import Settings

PARTS = (
    "BatchLoader",
    "Canaries",
    "Checkpoint",
    "DeleteGuard",
    "EndOfRun",
    "ErrorTable",
    "IngestApi",
    "IngestJobs",
    "Ledger",
    "Loader",
    "Objects",
    "PollPlan",
    "QueryApi",
    "RetryPolicy",
    "RowRetries",
    "Thresholds",
)


@pytest.fixture
def parts(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Open a run with more settings; the arguments of its parts, by part and name."""

    def watched(name: str, made: dict[str, dict[str, Any]]) -> Any:
        real = getattr(module, name)

        def make(*args: Any, **kwargs: Any) -> Any:
            made[name] = inspect.signature(real).bind(*args, **kwargs).arguments
            return real(*args, **kwargs)

        return make

    def find(**more: Any) -> dict[str, dict[str, Any]]:
        made: dict[str, dict[str, Any]] = {}
        typed = Settings.from_config(settings | more)
        with monkeypatch.context() as patched:
            for name in PARTS:
                patched.setattr(module, name, watched(name, made))
            Run.open(typed, connect(typed)).close()
        return made

    return find


@pytest.mark.parametrize(
    ("setting", "value", "part", "argument"),
    [
        ("max_failed_percent", 12.5, "Thresholds", "max_failed_percent"),
        ("max_failed_rows", 7, "Thresholds", "max_failed_rows"),
        ("canary_rows", 7, "Canaries", "rows"),
        ("state_ledger", True, "Ledger", "enabled"),
        ("state_ledger", False, "Ledger", "enabled"),
        ("state_ledger", True, "Checkpoint", "numbered"),
        ("state_ledger", False, "Checkpoint", "numbered"),
        ("max_concurrent_jobs", 3, "Loader", "workers"),
        ("max_spool_bytes", 1_000_000_007, "Loader", "max_spool_bytes"),
        ("max_batch_age_seconds", 77.0, "DeleteGuard", "hold_seconds"),
        ("poll_interval_seconds", 0.25, "PollPlan", "interval_seconds"),
        ("poll_max_interval_seconds", 77.0, "PollPlan", "max_interval_seconds"),
        ("job_timeout_seconds", 777.0, "PollPlan", "timeout_seconds"),
        ("request_attempts", 9, "RetryPolicy", "attempts"),
        ("request_max_seconds", 77.0, "RetryPolicy", "max_seconds"),
        ("compress_uploads", True, "IngestJobs", "compress"),
        ("compress_uploads", False, "IngestJobs", "compress"),
        ("row_retries", 9, "RowRetries", "retries"),
        ("row_retry_wait_seconds", 0.5, "RowRetries", "wait_seconds"),
    ],
)
def test_a_setting_reaches_its_part(
    parts: Any, setting: str, value: Any, part: str, argument: str
) -> None:
    """Unchanged."""
    assert parts(**{setting: value})[part][argument] == value


def test_additional_errors_are_transient(parts: Any) -> None:
    """Those of `retryable_errors`; without the setting there are none."""
    found = [each["ErrorTable"] for each in (parts(retryable_errors=["MY_CODE"]), parts())]

    assert [tuple(*each.values()) for each in found] == [("MY_CODE",), ()]


@pytest.mark.parametrize(("choice", "are_kept"), [("all", True), ("failed", False)])
def test_whether_successful_results_are_kept(parts: Any, choice: str, *, are_kept: bool) -> None:
    """Only with `save_results: all`."""
    keep = parts(save_results=choice)["BatchLoader"]["keep_results"]

    assert (keep is not None) is are_kept


@pytest.mark.parametrize(("choice", "is_escaped"), [("escape", True), ("keep", False)])
def test_whether_formulas_are_escaped(parts: Any, choice: str, *, is_escaped: bool) -> None:
    """As `csv_formulas` says."""
    assert parts(csv_formulas=choice)["EndOfRun"]["escape_formulas"] is is_escaped


@pytest.mark.parametrize("stream", ["people", "people (crm-people)"])
def test_the_delete_limits_of_a_stream(parts: Any, stream: str) -> None:
    """By its name in the settings, also if two streams of the tap have that name."""
    entry = {"operation": "delete", "max_deletes": 7, "max_delete_percent": 12.5}
    limits = parts(streams={"people": entry})["DeleteGuard"]["limits"]

    assert limits(stream) == DeleteLimits(
        accepted=frozenset({Operation.DELETE}), max_deletes=7, max_delete_percent=12.5
    )


def test_the_delete_limits_of_a_stream_whose_name_ends_like_an_alias(parts: Any) -> None:
    """An entry of its own name comes first."""
    streams = {"people (old)": {"max_deletes": 7}, "people": {"max_deletes": 8}}
    limits = parts(streams=streams)["DeleteGuard"]["limits"]

    assert (limits("people (old)").max_deletes, limits("people").max_deletes) == (7, 8)


def test_the_limit_on_the_usage_of_the_org(parts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `api_usage_limit_percent` says, by what the connection knows."""
    monkeypatch.setattr(Client, "find_api_usage", lambda _: ApiUsage(51, 100))
    problems = [
        parts(api_usage_limit_percent=percent)["IngestJobs"]["usage_problem"]()
        for percent in (51, 50.5)
    ]

    assert problems == ["", ApiUsageLimit(50.5).problem(ApiUsage(51, 100))]


def test_all_parts_stop_together(parts: Any) -> None:
    """One event ends the waits of workers, of polling and of queries."""
    made = parts()
    events = [
        made["Loader"]["stopping"],
        made["BatchLoader"]["stopping"],
        made["IngestJobs"]["stopping"],
        made["QueryApi"]["leaving"],
    ]

    assert len({id(each) for each in events}) == 1


def test_all_requests_use_one_connection(parts: Any) -> None:
    """It logs in once, and counts all requests."""
    made = parts()
    clients = [made[part]["client"] for part in ("IngestApi", "QueryApi", "Loader", "Objects")]

    assert len({id(each) for each in clients}) == 1
    assert clients[0] is not None
