"""What a run did and cost, as the SDK's metrics: lines of JSON in the log.

https://sdk.meltano.com/en/latest/implementation/logging.html
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from singer_sdk import metrics
from singer_sdk.metrics import Metric, Point, Status, Tag

from target_salesforce_bulk.loading.events import BatchSettled
from target_salesforce_bulk.reporting.exports.totals import outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_salesforce_bulk.loading.events import Event
    from target_salesforce_bulk.loading.tally import StreamTally
    from target_salesforce_bulk.salesforce.limits import ApiUsage
    from target_salesforce_bulk.salesforce.meter import Traffic


class _Own(StrEnum):
    """Metrics that the SDK has no name for."""

    ROWS = "row_count"
    JOBS = "job_count"
    RETRIES = "http_retry_count"
    WAITS = "http_retry_wait_seconds"
    REFRESHES = "token_refresh_count"
    USED = "org_api_requests_used"
    LEFT = "org_api_requests_left"


def log_batch(event: Event) -> None:
    """Log how long a settled batch took, from its first request to the outcome of its rows."""
    if isinstance(event, BatchSettled):
        tags = {Tag.STREAM.value: event.batch.plan.stream, Tag.STATUS.value: Status.SUCCEEDED.value}
        seconds = round(event.seconds, 3)
        _log(_point("timer", Metric.BATCH_PROCESSING_TIME, seconds, tags))


def log_metrics(traffic: Traffic, usage: ApiUsage | None, streams: Sequence[StreamTally]) -> None:
    """Log one line for each number.

    Args:
        traffic: What the run has sent.
        usage: How much of the org's API requests is used; None leaves it out.
        streams: The totals of each stream.
    """
    for stream in streams:
        for point in _points_of(stream):
            _log(point)
    for point in _points(traffic, usage):
        _log(point)


def _log(point: Point[float]) -> None:
    metrics.log(metrics.get_metrics_logger(), point)


def _points_of(stream: StreamTally) -> Iterator[Point[float]]:
    """What became of a stream's records, which the SDK counts as they are read."""
    tags = {Tag.STREAM.value: stream.stream}
    yield _point("counter", Metric.BATCH_COUNT, stream.batches, tags)
    yield _point("counter", _Own.JOBS, stream.jobs, tags)
    for outcome, rows in outcomes(stream.counts, stream.merged).items():
        yield _point("counter", _Own.ROWS, rows, tags | {"outcome": outcome})
    status = Status.SUCCEEDED if stream.stopped is None else Status.FAILED
    seconds = round(stream.seconds, 3)
    yield _point("timer", Metric.SYNC_DURATION, seconds, tags | {Tag.STATUS.value: status.value})


def _points(traffic: Traffic, usage: ApiUsage | None) -> Iterator[Point[float]]:
    yield _point("counter", Metric.HTTP_REQUEST_COUNT, traffic.requests)
    yield _point("counter", _Own.RETRIES, traffic.retries)
    yield _point("timer", _Own.WAITS, round(traffic.wait_seconds, 3))
    for status, number in (
        (Status.SUCCEEDED, traffic.refreshed),
        (Status.FAILED, traffic.refreshes - traffic.refreshed),
    ):
        yield _point("counter", _Own.REFRESHES, number, {Tag.STATUS.value: status.value})
    if usage is not None:
        yield _point("gauge", _Own.USED, usage.used)
        yield _point("gauge", _Own.LEFT, usage.left)


def _point(
    kind: str, metric: Metric | _Own, value: float, tags: dict[str, Any] | None = None
) -> Point[float]:
    # The SDK uses no more of a metric than its value, which both enums have.
    return Point(kind, metric, value, tags or {})  # type: ignore[arg-type]
