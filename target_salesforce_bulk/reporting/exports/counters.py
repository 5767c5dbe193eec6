"""The counters of a run, for OpenTelemetry; rows and batches while it runs, all else at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.loading.events import BatchSettled, RowsKept
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.reporting.exports.totals import Load, outcomes

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Meter

    from target_salesforce_bulk.journal.batch import Counts
    from target_salesforce_bulk.loading.events import Event
    from target_salesforce_bulk.reporting.exports.totals import RunEnd

_PREFIX = "target_salesforce_bulk."


class Counters:
    """Counts one run.

    Args:
        meter: Makes the instruments.
    """

    def __init__(self, meter: Meter) -> None:
        def counter(name: str, unit: str, description: str) -> Counter:
            return meter.create_counter(_PREFIX + name, unit, description)

        self._rows = counter("rows", "{row}", "Rows by outcome.")
        self._batches = counter("batches", "{batch}", "Batches whose rows all have an outcome.")
        self._jobs = counter("jobs", "{job}", "Ingest jobs that were created.")
        self._read = counter("records_read", "{record}", "Records of the tap.")
        self._errors = counter("errors", "{row}", "Rows stored as failed, by error code.")
        self._runs = counter("runs", "{run}", "Runs.")
        self._calls = counter("api_calls", "{request}", "HTTP requests to Salesforce.")
        self._retries = counter("api_retries", "{request}", "HTTP requests that were repeated.")
        self._waits = counter("api_wait", "s", "Time between requests and their retries.")
        self._refreshes = counter("session_refreshes", "{refresh}", "Renewals of a session.")
        self._batch_time = meter.create_histogram(
            f"{_PREFIX}batch.duration", "s", "From the first request to the outcome of all rows."
        )
        self._used = meter.create_gauge(f"{_PREFIX}org_api_requests.used", "{request}")
        self._allowed = meter.create_gauge(f"{_PREFIX}org_api_requests.allowed", "{request}")

    def observe(self, event: Event) -> None:
        """Take an event."""
        match event:
            case BatchSettled():
                load = Load.of(event.batch.plan)
                self._count_rows(load, event.counts, event.batch.merged)
                self._batches.add(1, _labels(load))
                self._jobs.add(event.jobs, _labels(load))
                self._batch_time.record(event.seconds, _labels(load))
            case RowsKept():
                self._count_rows(Load.of(event.batch.plan), event.counts, 0)

    def _count_rows(self, load: Load, counts: Counts, merged: int) -> None:
        for outcome, number in outcomes(counts, merged).items():
            self._rows.add(number, _labels(load) | {"outcome": outcome})

    def ended(self, end: RunEnd) -> None:
        """Count what is known at the end."""
        self._runs.add(1, {"result": _result(end.succeeded)})
        for stream in end.streams:
            labels = {"stream": plain_text(stream.stream), "object": plain_text(stream.sobject)}
            self._read.add(stream.read, labels)
        for group in end.failures:
            labels = {"stream": plain_text(group.stream), "code": plain_text(group.code)}
            self._errors.add(group.rows, labels)
        traffic = end.traffic
        self._calls.add(traffic.requests)
        self._retries.add(traffic.retries)
        self._waits.add(traffic.wait_seconds)
        self._refreshes.add(traffic.refreshed, {"result": _result(True)})
        self._refreshes.add(traffic.refreshes - traffic.refreshed, {"result": _result(False)})
        if end.usage is not None:
            self._used.set(end.usage.used)
            self._allowed.set(end.usage.allowed)


def _result(succeeded: bool) -> str:
    return "succeeded" if succeeded else "failed"


def _labels(load: Load) -> dict[str, str]:
    return {
        "stream": plain_text(load.stream),
        "object": plain_text(load.sobject),
        "operation": load.operation,
    }
