"""The header with the number of used requests."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.salesforce.limits import Allowance, ApiUsage, OrgLimits


@pytest.mark.parametrize(
    ("header", "usage"),
    [
        ("api-usage=18/5000", ApiUsage(18, 5000)),
        ("api-usage=25/100; per-app-api-usage=17/250(appName=x)", ApiUsage(25, 100)),
        ("per-app-api-usage=17/250(appName=x)", None),
        ("per-app-api-usage=17/250(appName=x); api-usage=25/100", ApiUsage(25, 100)),
        ("api-usage = 1/2, api-usage=3/4", ApiUsage(3, 4)),
        ("api-usage=" + "9" * 5000 + "/1", None),
        ("", None),
        (None, None),
    ],
)
def test_the_number_of_the_org_is_read(header: str | None, usage: ApiUsage | None) -> None:
    """Not that of an app; None without a number."""
    assert ApiUsage.from_header(header) == usage


def entry(left: int, allowed: int) -> dict[str, int]:
    return {"Max": allowed, "Remaining": left}


@pytest.mark.parametrize(
    ("body", "requests", "batches"),
    [
        ({}, None, None),
        (
            {"DailyApiRequests": entry(5, 9) | {"App": entry(1, 2)}, "DailyBulkApiBatches": {}},
            Allowance(5, 9),
            None,
        ),
        ({"DailyBulkApiBatches": entry(1, 2)}, None, Allowance(1, 2)),
        ({"DailyBulkApiRequests": entry(1, 2)}, None, Allowance(1, 2)),
        ({"DailyApiRequests": {"Max": "9", "Remaining": None}}, None, None),
        ({"DailyApiRequests": [1]}, None, None),
    ],
)
def test_what_the_org_says_is_left(
    body: dict[str, Any], requests: Allowance | None, batches: Allowance | None
) -> None:
    """Batches under either name; what it does not say, or not as a number, is unknown."""
    assert OrgLimits.from_json(body) == OrgLimits(api_requests=requests, bulk_batches=batches)
