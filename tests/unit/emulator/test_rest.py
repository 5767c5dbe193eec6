"""What describes the org."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.emulator.http.describe import describe, describe_global

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.org import Org

V = "/services/data/v67.0"
NOT_FOUND = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]


def test_the_versions(call: Callable[..., Any]) -> None:
    """All from 31.0 to 68.0, to anyone who asks."""
    answer = call("GET", "/services/data", token="")

    assert [each["version"] for each in answer.json] == [f"{n}.0" for n in range(31, 69)]
    assert answer.json[0] == {
        "label": "Release 31.0",
        "url": "/services/data/v31.0",
        "version": "31.0",
    }


@pytest.mark.parametrize(("allowed", "calls", "left"), [(100, 3, 97), (3, 3, 0)])
def test_what_is_left_of_the_daily_requests(
    org: Org, call: Callable[..., Any], allowed: int, calls: int, left: int
) -> None:
    """The request that asks for it counts, too."""
    org.behaviour.configure({"daily_api_requests": allowed})
    answers = [call("GET", f"{V}/limits") for _ in range(calls)]

    assert answers[-1].json["DailyApiRequests"] == {"Max": allowed, "Remaining": left}


def test_fewer_requests_allowed_than_were_made(org: Org, call: Callable[..., Any]) -> None:
    """None are left, and the number is not negative."""

    def limits() -> Any:
        return call("GET", f"{V}/limits")

    org.behaviour.configure({"daily_api_requests": 2})
    answers = [limits() for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 403]
    assert answers[1].json["DailyApiRequests"] == {"Max": 2, "Remaining": 0}


def test_the_other_limits(call: Callable[..., Any]) -> None:
    """Each job takes one of the daily batches."""
    body = b'{"object": "Contact", "operation": "insert"}'
    assert call("POST", f"{V}/jobs/ingest", body=body).status == 200
    limits = call("GET", f"{V}/limits").json
    del limits["DailyApiRequests"]

    assert limits == {
        "DailyBulkApiBatches": {"Max": 15000, "Remaining": 14999},
        "DailyBulkV2QueryJobs": {"Max": 10000, "Remaining": 10000},
        "DataStorageMB": {"Max": 10240, "Remaining": 10000},
        "FileStorageMB": {"Max": 10240, "Remaining": 10240},
    }


def test_batches_that_jobs_have_used(org: Org, call: Callable[..., Any]) -> None:
    """One for each 10,000 rows; never fewer than none are left."""
    org.behaviour.configure({"daily_bulk_batches": 2})
    body = b'{"object": "Contact", "operation": "insert"}'
    job = call("POST", f"{V}/jobs/ingest", body=body).json["id"]
    left = []
    for rows in (0, 10_000, 10_001, 30_000):
        next(each for each in org.jobs.all() if each.id == job).processed = rows
        left.append(call("GET", f"{V}/limits").json["DailyBulkApiBatches"])

    assert left == [{"Max": 2, "Remaining": number} for number in (1, 1, 0, 0)]


def test_limits_that_the_user_may_not_see(org: Org, call: Callable[..., Any]) -> None:
    """They are refused as for any missing permission."""
    org.behaviour.configure({"limits_visible": False})
    answer = call("GET", f"{V}/limits")

    assert (answer.status, answer.json[0]["errorCode"]) == (403, "INSUFFICIENT_ACCESS")


def test_the_objects(org: Org, call: Callable[..., Any]) -> None:
    """All in brief, and one in full, whatever the case of its name."""
    listed = call("GET", f"{V}/sobjects")
    contact = org.schema.find("Contact")
    assert contact is not None

    assert listed.json == {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [describe_global(each) for each in org.schema],
    }
    assert "Contact" in {each["name"] for each in listed.json["sobjects"]}
    assert call("GET", f"{V}/sobjects/cOnTaCt/describe").json == describe(contact)


def test_an_object_that_is_not_there(call: Callable[..., Any]) -> None:
    """It is refused as Salesforce does."""
    answer = call("GET", f"{V}/sobjects/Nope__c/describe")

    assert (answer.status, answer.json) == (404, NOT_FOUND)
