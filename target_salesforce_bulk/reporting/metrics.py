"""What a run costs, as the SDK's metrics: lines of JSON in the log.

https://sdk.meltano.com/en/latest/implementation/logging.html
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from singer_sdk import metrics
from singer_sdk.metrics import Metric, Point, Status, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.salesforce.limits import ApiUsage
    from target_salesforce_bulk.salesforce.meter import Traffic


class _Cost(StrEnum):
    """Metrics that the SDK has no name for."""

    RETRIES = "http_retry_count"
    WAITS = "http_retry_wait_seconds"
    REFRESHES = "token_refresh_count"
    USED = "org_api_requests_used"
    LEFT = "org_api_requests_left"


def log_metrics(traffic: Traffic, usage: ApiUsage | None) -> None:
    """Log one line for each number.

    Args:
        traffic: What the run has sent.
        usage: How much of the org's API requests is used; None leaves it out.
    """
    logger = metrics.get_metrics_logger()
    for point in _points(traffic, usage):
        metrics.log(logger, point)


def _points(traffic: Traffic, usage: ApiUsage | None) -> Iterator[Point[float]]:
    yield _point("counter", Metric.HTTP_REQUEST_COUNT, traffic.requests)
    yield _point("counter", _Cost.RETRIES, traffic.retries)
    yield _point("timer", _Cost.WAITS, round(traffic.wait_seconds, 3))
    for status, number in (
        (Status.SUCCEEDED, traffic.refreshed),
        (Status.FAILED, traffic.refreshes - traffic.refreshed),
    ):
        yield _point("counter", _Cost.REFRESHES, number, {Tag.STATUS.value: status.value})
    if usage is not None:
        yield _point("gauge", _Cost.USED, usage.used)
        yield _point("gauge", _Cost.LEFT, usage.left)


def _point(
    kind: str, metric: Metric | _Cost, value: float, tags: dict[str, Any] | None = None
) -> Point[float]:
    # The SDK uses no more of a metric than its value, which both enums have.
    return Point(kind, metric, value, tags or {})  # type: ignore[arg-type]
