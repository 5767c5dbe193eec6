"""What is retried, how often and after which wait."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError
from wire import URL, Wire, make_client

from target_salesforce_bulk.errors import (
    AnswerLostError,
    LimitExceededError,
    RequestError,
    ResponseError,
    UnavailableError,
    UnreachableError,
)
from target_salesforce_bulk.salesforce.limits import ApiUsage

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.salesforce.client import Client


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(waits: list[float]) -> Callable[..., tuple[Client, Wire]]:
    return partial(make_client, sleep=waits.append)


def refusal(code: str, message: str = "no") -> list[dict[str, str]]:
    return [{"errorCode": code, "message": message}]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 420])
def test_a_repeatable_request_is_sent_again(client: Any, status: int, waits: list[float]) -> None:
    """With a wait before it."""
    made, wire = client((status, "busy"), (200, {"a": 1}))

    assert made.get_json("/limits") == {"a": 1}
    assert (len(wire.requests), len(waits), made.traffic.requests) == (2, 1, 2)


def test_a_request_that_must_not_be_repeated_is_not(client: Any) -> None:
    """After a 503 it may have taken effect; the caller has to ask."""
    made, wire = client((503, "busy"), (200, {}))

    with pytest.raises(AnswerLostError, match="HTTP 503"):
        made.request("POST", "/jobs/ingest", repeatable=False)
    assert len(wire.requests) == 1


def test_429_did_nothing_so_any_request_is_sent_again(client: Any, waits: list[float]) -> None:
    """And Retry-After is obeyed."""
    made, wire = client((429, "", {"Retry-After": "7"}), (200, {}))

    made.request("POST", "/jobs/ingest", repeatable=False)

    assert len(wire.requests) == 2
    assert waits[0] >= 7


def test_a_lost_connection(client: Any) -> None:
    """Lost during the response: only a repeatable request is retried. Never made: any is."""
    lost = requests.ConnectionError("Connection aborted.")
    never = requests.ConnectionError(
        MaxRetryError(None, "/", NewConnectionError(None, "Connection refused"))  # type: ignore
    )
    made, _ = client(lost)
    with pytest.raises(AnswerLostError):
        made.request("PATCH", "/jobs/ingest/1", repeatable=False)

    made, wire = client(never, (200, {}))
    made.request("PATCH", "/jobs/ingest/1", repeatable=False)
    assert len(wire.requests) == 2


def test_attempts_are_bounded(client: Any) -> None:
    """By number."""
    made, wire = client(*[(503, "busy")] * 9, attempts=4)

    with pytest.raises(UnavailableError, match="stayed unavailable"):
        made.request("GET", "/limits", repeatable=True)
    assert len(wire.requests) == 4


def test_no_answer_at_all(client: Any) -> None:
    """The address is named, and what to check."""
    lost = requests.ConnectionError(
        MaxRetryError(None, "/", NameResolutionError("acme", None, OSError()))  # type: ignore
    )
    made, _ = client(*[lost] * 3, attempts=3)

    with pytest.raises(UnreachableError, match=f"No response from {URL}.*HTTPS_PROXY"):
        made.request("GET", "/limits", repeatable=True)


def test_the_daily_allowance_is_not_waited_for(client: Any, waits: list[float]) -> None:
    """Asking again would only use more of it."""
    made, wire = client((403, refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")))

    with pytest.raises(LimitExceededError):
        made.request("GET", "/x", repeatable=True)
    assert (len(wire.requests), waits) == (1, [])


@pytest.mark.parametrize("status", [403, 429, 503])
def test_the_daily_allowance_is_told_by_its_code(client: Any, status: int) -> None:
    """The status does not matter, nor whether the request may be repeated."""
    used_up = refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    made, wire = client((status, used_up))

    with pytest.raises(LimitExceededError, match="24-hour allowance is used up"):
        made.request("POST", "/x", repeatable=False)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("repeatable", [True, False])
@pytest.mark.parametrize(
    "cause", ["ConcurrentRequests (Concurrent API)", "ConcurrentPerOrgLongTxn"]
)
def test_concurrent_requests_pass(
    client: Any, waits: list[float], cause: str, *, repeatable: bool
) -> None:
    """The same code, but another cause; Salesforce has done nothing, so any request is repeated."""
    busy = refusal("REQUEST_LIMIT_EXCEEDED", f"{cause} Limit exceeded.")
    made, wire = client((403, busy), (403, busy), (200, {}))

    made.request("POST", "/x", repeatable=repeatable)

    assert (len(wire.requests), made.traffic.retries, len(waits)) == (3, 2, 2)
    assert made.traffic.wait_seconds == sum(waits)


def test_usage_is_read_from_every_response(client: Any) -> None:
    """Also from one that is retried, and from one that refuses."""
    info = "Sforce-Limit-Info"
    made, _ = client(
        (503, "", {info: "api-usage=1/9"}), (400, "", {info: "api-usage=2/9"}), attempts=2
    )
    seen = []
    made.sleep = lambda _: seen.append(made.api_usage)
    with pytest.raises(RequestError):
        made.request("GET", "/x", repeatable=True)

    assert (*seen, made.api_usage) == (ApiUsage(1, 9), ApiUsage(2, 9))


def test_every_request_names_this_program(client: Any) -> None:
    """In the header that Salesforce writes to its event log."""
    made, wire = client((200, {}))
    made.request("GET", "/x", repeatable=True)

    assert wire.requests[0].headers["Sforce-Call-Options"] == (
        f"client=target-salesforce-bulk/{version('target-salesforce-bulk')}"
    )


def test_a_page_in_the_place_of_json_is_asked_for_again(client: Any) -> None:
    """A proxy's page with status 200 is not a response."""
    made, wire = client((200, "<html>"), (200, {"a": 1}))

    assert made.get_json("/limits") == {"a": 1}
    assert len(wire.requests) == 2


def test_a_page_again_and_again_is_an_answer_that_cannot_be_understood(client: Any) -> None:
    """It is a `ResponseError`, not an `UnreachableError`."""
    made, wire = client(*[(200, "<html>")] * 3, attempts=3)

    with pytest.raises(ResponseError, match="HTML"):
        made.get_json("/limits")
    assert len(wire.requests) == 3


@pytest.mark.parametrize(
    "reply",
    [
        (503, "busy"),
        (500, "<html>"),
        (507, ""),
        (408, ""),
        (200, "<html>Sign in</html>"),
        (200, b"\xff\xfe"),
        (200, "[" * 100_000),
        requests.ConnectionError("Connection aborted."),
        requests.ReadTimeout("Read timed out."),
    ],
    ids=["503", "500", "507", "408", "HTML", "not UTF-8", "too deep", "reset", "timeout"],
)
def test_a_create_without_a_clear_answer_may_have_taken_effect(
    client: Any, reply: Any, waits: list[float]
) -> None:
    """The error comes after one request, without a wait."""
    made, wire = client(reply)

    with pytest.raises(AnswerLostError):
        made.request("POST", "/jobs/ingest", repeatable=False, expects_json=True)
    assert (len(wire.requests), waits) == (1, [])


def test_the_time_for_all_attempts_is_bounded(waits: list[float]) -> None:
    """Also if Salesforce asks for a longer wait."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    busy = (503, "", {"Retry-After": "90"})
    made, wire = make_client(
        *[busy] * 9, sleep=sleep, clock=lambda: now[0], attempts=9, max_seconds=200
    )

    with pytest.raises(UnavailableError):
        made.request("GET", "/limits", repeatable=True)
    assert (now[0], len(wire.requests)) == (200, 4)


@pytest.mark.parametrize("value", ["soon", "\u00b2", "-1", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_a_retry_after_that_is_nonsense_is_ignored(client: Any, value: str) -> None:
    """It does not cause an error."""
    made, wire = client((429, "", {"Retry-After": value}), (200, {}))

    made.request("GET", "/limits", repeatable=True)

    assert len(wire.requests) == 2
