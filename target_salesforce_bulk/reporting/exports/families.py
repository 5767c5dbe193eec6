"""The metrics of a run: their names, labels and values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.reporting.exports.totals import outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.reporting.exports.totals import RunEnd

#: Values by name and labels; the labels in the order of their family.
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]

PREFIX = "target_salesforce_bulk_"


@dataclass(frozen=True, slots=True)
class Family:
    """Samples of one name. That of a counter, which goes on from run to run, ends in `_total`."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    is_counter: bool = False


_LOAD = ("stream", "object", "operation")


def _counter(name: str, text: str, *labels: str) -> Family:
    return Family(f"{PREFIX}{name}_total", text, labels, is_counter=True)


def _gauge(name: str, text: str) -> Family:
    return Family(f"{PREFIX}{name}", text)


RUNS = _counter("runs", "Runs.", "result")
READ = _counter("records_read", "Records of the tap.", "stream", "object")
ROWS = _counter("rows", "Rows by outcome.", *_LOAD, "outcome")
ERRORS = _counter("errors", "Rows that were stored as failed, by error code.", "stream", "code")
BATCHES = _counter("batches", "Batches whose rows all have an outcome.", *_LOAD)
JOBS = _counter("jobs", "Ingest jobs that were created.", *_LOAD)
CALLS = _counter("api_calls", "HTTP requests to Salesforce, retries included.")
RETRIES = _counter("api_retries", "HTTP requests that repeat a refused one.")
WAITS = _counter("api_wait_seconds", "Time between requests and their retries.")
REFRESHES = _counter("session_refreshes", "Renewals of an expired session.", "result")
LAST_END = _gauge("last_run_timestamp_seconds", "When the last run ended, since 1970.")
LAST_SUCCESS = _gauge("last_success_timestamp_seconds", "When the last successful run ended.")
SUCCEEDED = _gauge("last_run_success", "Whether the last run was a success: 1 or 0.")
SECONDS = _gauge("last_run_duration_seconds", "How long the last run took.")
USED = _gauge("org_api_requests_used", "API requests of the org in 24 hours, by all clients.")
ALLOWED = _gauge("org_api_requests_allowed", "API requests that the org may use in 24 hours.")

FAMILIES = {
    family.name: family
    for family in (
        RUNS,
        READ,
        ROWS,
        ERRORS,
        BATCHES,
        JOBS,
        CALLS,
        RETRIES,
        WAITS,
        REFRESHES,
        LAST_END,
        LAST_SUCCESS,
        SUCCEEDED,
        SECONDS,
        USED,
        ALLOWED,
    )
}


def samples(end: RunEnd) -> Samples:
    """The samples of one run."""
    found: Samples = {}
    for family, value, labels in _values(end):
        texts = map(plain_text, labels)
        key = family.name, tuple(zip(family.labels, texts, strict=True))
        found[key] = found.get(key, 0.0) + value
    return found


def _values(end: RunEnd) -> Iterator[tuple[Family, float, tuple[str, ...]]]:
    yield RUNS, 1, ("succeeded" if end.succeeded else "failed",)
    for stream in end.streams:
        yield READ, stream.read, (stream.stream, stream.sobject)
    yield from _loads(end)
    for (stream_name, code), rows in _codes(end).items():
        yield ERRORS, rows, (stream_name, code)
    yield CALLS, end.traffic.requests, ()
    yield RETRIES, end.traffic.retries, ()
    yield WAITS, end.traffic.wait_seconds, ()
    yield REFRESHES, end.traffic.refreshed, ("succeeded",)
    yield REFRESHES, end.traffic.refreshes - end.traffic.refreshed, ("failed",)
    yield from _gauges(end)


def _loads(end: RunEnd) -> Iterator[tuple[Family, float, tuple[str, ...]]]:
    for load, totals in end.loads.items():
        labels = (load.stream, load.sobject, load.operation)
        yield BATCHES, totals.batches, labels
        yield JOBS, totals.jobs, labels
        for outcome, rows in outcomes(totals.counts, totals.merged).items():
            yield ROWS, rows, (*labels, outcome)


def _codes(end: RunEnd) -> Counter[tuple[str, str]]:
    codes: Counter[tuple[str, str]] = Counter()
    for group in end.failures:
        codes[group.stream, group.code] += group.rows
    return codes


def _gauges(end: RunEnd) -> Iterator[tuple[Family, float, tuple[str, ...]]]:
    yield LAST_END, end.ended_at, ()
    if end.succeeded:
        yield LAST_SUCCESS, end.ended_at, ()
    yield SUCCEEDED, end.succeeded, ()
    yield SECONDS, end.seconds, ()
    if end.usage is not None:
        yield USED, end.usage.used, ()
        yield ALLOWED, end.usage.allowed, ()
