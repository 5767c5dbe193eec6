"""What a run does and costs, as metrics in the log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import make_batch

from target_salesforce_bulk.errors import LoadError
from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.loading.events import BatchSettled, BatchTakenOver
from target_salesforce_bulk.loading.tally import StreamTally
from target_salesforce_bulk.reporting.metrics import log_batch, log_metrics
from target_salesforce_bulk.salesforce.limits import ApiUsage
from target_salesforce_bulk.salesforce.meter import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable

TRAFFIC = Traffic(requests=30, retries=2, wait_seconds=1.23456, refreshes=3, refreshed=2)


PEOPLE = StreamTally(
    stream="people",
    sobject="Contact",
    batches=2,
    jobs=3,
    merged=1,
    counts=Counts(loaded=5, failed=4, refused=3, retried=2),
    started_at=10,
    ended_at=12.5,
)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[..., list[Any]]:
    """The metrics that a function logs."""

    def of(log: Callable[..., None], *arguments: Any) -> list[Any]:
        with caplog.at_level("INFO", "singer_sdk.metrics"):
            log(*arguments)
        lines = [each.getMessage() for each in caplog.records]
        assert all(line.startswith("METRIC: ") for line in lines)
        return [tuple(json.loads(line[len("METRIC: ") :]).values()) for line in lines]

    return of


OF_THE_RUN = [
    ("counter", "http_request_count", 30, {}),
    ("counter", "http_retry_count", 2, {}),
    ("timer", "http_retry_wait_seconds", 1.235, {}),
    ("counter", "token_refresh_count", 2, {"status": "succeeded"}),
    ("counter", "token_refresh_count", 1, {"status": "failed"}),
]


def test_each_number_has_a_line(logged: Any) -> None:
    """In the form of the SDK's own metrics."""
    assert logged(log_metrics, TRAFFIC, ApiUsage(40, 100), []) == [
        *OF_THE_RUN,
        ("gauge", "org_api_requests_used", 40, {}),
        ("gauge", "org_api_requests_left", 60, {}),
    ]


def test_what_is_unknown_has_none(logged: Any) -> None:
    """The org did not say how much is used."""
    assert logged(log_metrics, TRAFFIC, None, []) == OF_THE_RUN


def test_each_stream_has_its_numbers(logged: Any) -> None:
    """Each row counts once; an outcome that no row has is left out."""
    stream = {"stream": "people"}

    assert logged(log_metrics, TRAFFIC, None, [PEOPLE]) == [
        ("counter", "batch_count", 2, stream),
        ("counter", "job_count", 3, stream),
        ("counter", "row_count", 5, stream | {"outcome": "loaded"}),
        ("counter", "row_count", 1, stream | {"outcome": "failed"}),
        ("counter", "row_count", 3, stream | {"outcome": "refused"}),
        ("counter", "row_count", 2, stream | {"outcome": "retried"}),
        ("counter", "row_count", 1, stream | {"outcome": "merged"}),
        ("timer", "sync_duration", 2.5, stream | {"status": "succeeded"}),
        *OF_THE_RUN,
    ]


def test_a_stream_that_stopped_has_failed(logged: Any) -> None:
    """Its other numbers are as they are."""
    stopped = StreamTally(stream="people", sobject="Contact", stopped=LoadError("no"))
    (*_, duration) = logged(log_metrics, TRAFFIC, None, [stopped])[: -len(OF_THE_RUN)]

    assert duration == ("timer", "sync_duration", 0.0, {"stream": "people", "status": "failed"})


def test_each_settled_batch_has_its_time(logged: Any) -> None:
    """No other event is logged."""
    settled = BatchSettled(batch=make_batch(), counts=Counts(), seconds=1.23456)
    logged(log_batch, BatchTakenOver(batch=make_batch()))

    assert logged(log_batch, settled) == [
        ("timer", "batch_processing_time", 1.235, {"stream": "people", "status": "succeeded"})
    ]
