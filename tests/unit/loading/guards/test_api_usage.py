"""From when on no further job is started."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.loading.guards.api_usage import ApiUsageLimit
from target_salesforce_bulk.salesforce.limits import ApiUsage


@pytest.mark.parametrize(
    ("percent", "usage"),
    [
        (90, None),
        (90, ApiUsage(900, 1000)),
        (1, ApiUsage(0, 0)),
        (100, ApiUsage(1000, 1000)),
    ],
)
def test_a_job_may_start(percent: float, usage: ApiUsage | None) -> None:
    """Up to the limit itself, and where the org does not say what is used."""
    assert ApiUsageLimit(percent).problem(usage) == ""


def test_a_job_may_not_start() -> None:
    """What is used, what is allowed, and what to do."""
    assert ApiUsageLimit(90).problem(ApiUsage(13_501, 15_000)) == (
        "The org has used 13,501 of the 15,000 API requests that it has in 24 hours, 90.0 %; "
        "api_usage_limit_percent is 90. No further job was started, and nothing is lost: run again "
        "when less is used, or raise api_usage_limit_percent."
    )


def test_an_org_that_lets_clients_exceed_its_allowance() -> None:
    """Salesforce does so for a while; a limit of 100 % stops there."""
    assert ApiUsageLimit(100).problem(ApiUsage(1001, 1000)) != ""
