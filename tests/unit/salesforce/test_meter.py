"""Requests are counted, and what the org says of its usage is followed."""

from __future__ import annotations

import threading

from target_salesforce_bulk.salesforce.limits import ApiUsage
from target_salesforce_bulk.salesforce.meter import Meter, Traffic


def test_everything_is_counted() -> None:
    """Requests, retries with their waits, and sessions that were to be renewed."""
    meter = Meter()
    for _ in range(3):
        meter.sent()
    meter.waits(0.5)
    meter.waits(1.5)
    meter.refreshes()
    meter.refreshes()
    meter.refreshed()

    assert meter.traffic == Traffic(
        requests=3, retries=2, wait_seconds=2.0, refreshes=2, refreshed=1
    )


def test_no_request_of_any_thread_is_missed() -> None:
    """Each thread has a tally of its own; the total is that of all."""
    meter, found = Meter(), list[int]()

    def send() -> None:
        with meter.tally() as tally:
            for _ in range(1000):
                meter.sent()
        found.append(tally.calls)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (found, meter.traffic.requests) == ([1000] * 4, 4000)


def test_usage_is_unknown_until_a_response_tells() -> None:
    """Requests alone say nothing of other clients."""
    meter = Meter()
    meter.sent()
    meter.answered(None)
    meter.answered("per-app-api-usage=17/250(appName=x)")

    assert meter.usage is None


def test_usage_grows_with_requests_whose_responses_do_not_tell() -> None:
    """The next response that tells counts alone."""
    meter, seen = Meter(), []
    for header in ("api-usage=20/100", None, None, "api-usage=21/100"):
        meter.sent()
        meter.answered(header)
        seen.append(meter.usage)

    assert seen == [ApiUsage(used, 100) for used in (20, 21, 22, 21)]
