"""What a run costs, as metrics in the log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.reporting.metrics import log_metrics
from target_salesforce_bulk.salesforce.limits import ApiUsage
from target_salesforce_bulk.salesforce.meter import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable

TRAFFIC = Traffic(requests=30, retries=2, wait_seconds=1.23456, refreshes=3, refreshed=2)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[ApiUsage | None], list[Any]]:
    """The metrics of `TRAFFIC` as they are logged."""

    def of(usage: ApiUsage | None) -> list[Any]:
        with caplog.at_level("INFO", "singer_sdk.metrics"):
            log_metrics(TRAFFIC, usage)
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
    assert logged(ApiUsage(40, 100)) == [
        *OF_THE_RUN,
        ("gauge", "org_api_requests_used", 40, {}),
        ("gauge", "org_api_requests_left", 60, {}),
    ]


def test_what_is_unknown_has_none(logged: Any) -> None:
    """The org did not say how much is used."""
    assert logged(None) == OF_THE_RUN
