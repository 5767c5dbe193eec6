"""The header with the number of used requests."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.salesforce.limits import ApiUsage


@pytest.mark.parametrize(
    ("header", "usage"),
    [
        ("api-usage=18/5000", ApiUsage(18, 5000)),
        ("api-usage=25/100; per-app-api-usage=17/250(appName=x)", ApiUsage(25, 100)),
        ("per-app-api-usage=17/250(appName=x)", None),
        ("api-usage=" + "9" * 5000 + "/1", None),
        ("", None),
        (None, None),
    ],
)
def test_the_number_of_the_org_is_read(header: str | None, usage: ApiUsage | None) -> None:
    """Not that of an app; None without a number."""
    assert ApiUsage.from_header(header) == usage
