"""Who is let in, and what counts as an API request."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette

from target_salesforce_bulk.emulator.http.api import routes
from target_salesforce_bulk.emulator.http.request_log import RequestLog
from target_salesforce_bulk.emulator.org.org import Org

if TYPE_CHECKING:
    from collections.abc import Iterator

V = "/services/data/v67.0"


@pytest.fixture
def org() -> Iterator[Org]:
    found = Org()
    yield found
    found.close()


def call(org: Org, method: str, path: str, token: str = "") -> tuple[int, dict[str, str], Any]:
    """Send a request without a server; status, headers and JSON of the answer."""
    sent: list[dict[str, Any]] = []
    headers = [(b"authorization", f"Bearer {token}".encode())]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": headers,
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    app = Starlette(routes=routes(org, RequestLog(), "http://org"))
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], found, json.loads(body or b"null")


def test_which_resources_need_a_token(org: Org) -> None:
    """All of Salesforce's but the token endpoints and the versions, and none of the own ones."""
    free = set()
    for route in routes(org, RequestLog(), "http://org"):
        for method in (route.methods or set()) - {"HEAD"}:
            if (
                route.path.startswith("/services/")
                and call(org, method, _filled(route.path))[0] != 401
            ):
                free.add((method, route.path.rstrip("/")))

    assert free == {
        ("POST", "/services/oauth2/token"),
        ("POST", "/services/oauth2/revoke"),
        ("GET", "/services/data"),
    }


def _filled(path: str) -> str:
    return path.replace("{version}", "67.0").replace("{", "").replace("}", "")


@pytest.mark.parametrize("end", ["", "/"])
def test_a_trailing_slash_makes_no_difference(org: Org, end: str) -> None:
    """Data Loader adds one."""
    assert call(org, "GET", f"{V}/limits{end}", org.tokens.access_token)[0] == 200


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
def test_what_counts_as_an_api_request(org: Org, path: str, status: int, usage: str | None) -> None:
    """Whatever is let in, also when it is refused then."""
    found, headers, _ = call(org, "GET", path, org.tokens.access_token)

    assert (found, headers.get("sforce-limit-info")) == (status, usage)


def test_the_daily_allowance(org: Org) -> None:
    """Requests beyond it are refused."""
    org.behaviour.daily_api_requests = 1
    answers = [call(org, "GET", f"{V}/limits", org.tokens.access_token) for _ in range(2)]

    assert [status for status, _, _ in answers] == [200, 403]
    assert answers[1][2] == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]
