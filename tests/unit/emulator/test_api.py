"""Who is let in, and what counts as an API request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.emulator.http.api import routes
from target_salesforce_bulk.emulator.http.request_log import RequestLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.org import Org

V = "/services/data/v67.0"


def salesforce_resources(org: Org) -> set[tuple[str, str]]:
    """Method and path of every resource of Salesforce's own."""
    return {
        (method, route.path)
        for route in routes(org, RequestLog(), "http://org")
        for method in route.methods or set()
        if route.path.startswith("/services/") and method != "HEAD"
    }


def test_which_resources_need_a_token(org: Org, call: Callable[..., Any]) -> None:
    """All of Salesforce's except the token endpoints, the pages of a login and the versions."""
    resources = salesforce_resources(org)
    public = {each for each in resources if call(*each, token="").status != 401}

    assert {(method, path.rstrip("/")) for method, path in public} == {
        ("POST", "/services/oauth2/token"),
        ("POST", "/services/oauth2/revoke"),
        ("GET", "/services/oauth2/authorize"),
        ("GET", "/services/oauth2/authorize/answer"),
        ("GET", "/services/data"),
    }


@pytest.mark.parametrize("end", ["", "/"])
def test_a_trailing_slash_makes_no_difference(call: Callable[..., Any], end: str) -> None:
    """Data Loader adds one."""
    assert call("GET", f"{V}/limits{end}").status == 200


@pytest.mark.parametrize(
    ("path", "status", "usage"),
    [
        (f"{V}/limits", 200, "api-usage=1/100000"),
        (f"{V}/sobjects/Nope/describe", 404, "api-usage=1/100000"),
        ("/services/data/v99.0/limits", 404, "api-usage=0/100000"),
        ("/services/data", 200, None),
        ("/_emulator/counts", 200, None),
    ],
)
def test_what_counts_as_an_api_request(
    call: Callable[..., Any], path: str, status: int, usage: str | None
) -> None:
    """Every request that is let in, even if it fails afterwards."""
    answer = call("GET", path)

    assert (answer.status, answer.headers.get("sforce-limit-info")) == (status, usage)


def test_an_org_that_does_not_say_what_is_used(org: Org, call: Callable[..., Any]) -> None:
    """The header is left out; requests count all the same."""
    org.behaviour.report_api_usage = False
    answer = call("GET", f"{V}/limits")

    assert ("sforce-limit-info" in answer.headers, org.api_calls) == (False, 1)


def test_the_daily_allowance(org: Org, call: Callable[..., Any]) -> None:
    """Requests beyond it are refused."""
    org.behaviour.daily_api_requests = 1
    answers = [call("GET", f"{V}/limits") for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 403]
    assert answers[1].json == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]
