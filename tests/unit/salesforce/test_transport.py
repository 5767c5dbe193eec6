"""What is sent again, how often and how late; and how a session is renewed."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from requests.adapters import BaseAdapter

from target_salesforce_bulk.errors import (
    AnswerLostError,
    AuthenticationError,
    LimitExceededError,
    NotFoundError,
    RequestError,
    UnavailableError,
    UnreachableError,
)
from target_salesforce_bulk.login.access_token import AccessToken
from target_salesforce_bulk.login.refresh_token import RefreshToken
from target_salesforce_bulk.salesforce.client import Client, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://acme.my.salesforce.com"
Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]] | Exception


class Wire(BaseAdapter):
    """Answers requests from a list, and remembers them."""

    def __init__(self, *replies: Reply) -> None:
        super().__init__()
        self.replies = list(replies)
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
        """Give the next answer."""
        self.requests.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        status, body, headers = (*reply, {})[:3]
        response = requests.Response()
        response.status_code = status
        response.headers.update(headers)
        text = body if isinstance(body, str) else json.dumps(body)
        response.raw = io.BytesIO(text.encode())
        response.request = request
        response.url = request.url
        return response

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(waits: list[float]) -> Callable[..., tuple[Client, Wire]]:
    """A client whose answers are given, and that does not really wait."""

    def make(*replies: Reply, authenticator: Any = None, **policy: Any) -> tuple[Client, Wire]:
        wire = Wire(*replies)
        client = Client(
            authenticator or AccessToken("token", URL),
            api_version="67.0",
            policy=RetryPolicy(**policy),
            timeout_seconds=1,
            sleep=waits.append,
            adapter=lambda: wire,
        )
        return client, wire

    return make


def refusal(code: str, message: str = "no") -> list[dict[str, str]]:
    return [{"errorCode": code, "message": message}]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 420])
def test_a_repeatable_request_is_sent_again(client: Any, status: int, waits: list[float]) -> None:
    """With a wait before it."""
    made, wire = client((status, "busy"), (200, {"a": 1}))

    assert made.get_json("/limits") == {"a": 1}
    assert (len(wire.requests), len(waits), made.calls) == (2, 1, 2)


def test_a_request_that_must_not_be_repeated_is_not(client: Any) -> None:
    """A 503 leaves open whether it took effect; the caller has to ask."""
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
    """Lost in mid-answer: only what is repeatable is repeated. Never made: anything is."""
    lost = requests.ConnectionError("Connection aborted.")
    never = requests.ConnectionError("NewConnectionError: Connection refused")
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
    lost = requests.ConnectionError("NameResolutionError: acme")
    made, _ = client(*[lost] * 3, attempts=3)

    with pytest.raises(UnreachableError, match=f"No answer from {URL}.*HTTPS_PROXY"):
        made.request("GET", "/limits", repeatable=True)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (404, "NOT_FOUND", NotFoundError),
        (403, "REQUEST_LIMIT_EXCEEDED", LimitExceededError),
        (400, "INVALIDJOB", RequestError),
        (400, "InvalidJob", RequestError),
    ],
)
def test_refusals_have_a_class(client: Any, status: int, code: str, error: type) -> None:
    """By status and code, in whatever spelling the code comes."""
    made, _ = client((status, refusal(code)))

    with pytest.raises(error) as caught:
        made.request("GET", "/x", repeatable=True)
    assert caught.value.code == code.upper().replace("_", "")


def test_the_daily_allowance_is_not_waited_for(client: Any, waits: list[float]) -> None:
    """Asking again would only use more of it."""
    made, wire = client((403, refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")))

    with pytest.raises(LimitExceededError):
        made.request("GET", "/x", repeatable=True)
    assert (len(wire.requests), waits) == (1, [])


def test_concurrent_requests_pass(client: Any) -> None:
    """The same code, but another cause."""
    busy = refusal("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API) Limit exceeded.")
    made, wire = client((403, busy), (200, {}))

    made.request("GET", "/x", repeatable=True)

    assert len(wire.requests) == 2


EXPIRED = (401, refusal("INVALID_SESSION_ID", "Session expired or invalid"))
TOKEN = (200, {"access_token": "new", "instance_url": URL})


def refresh(save: Callable[[str], None] = lambda _: None) -> RefreshToken:
    return RefreshToken("https://login.salesforce.com", "app", None, "old-refresh", save=save)


def test_a_refused_session_is_renewed_once(client: Any) -> None:
    """And the request sent again with the new token."""
    made, wire = client(TOKEN, EXPIRED, TOKEN, (200, {}), authenticator=refresh())

    made.request("POST", "/jobs/ingest", repeatable=False)

    assert made.token_refreshes == 1
    assert wire.requests[-1].headers["Authorization"] == "Bearer new"


def test_a_session_that_is_refused_again_is_an_error(client: Any) -> None:
    """Not a loop."""
    made, wire = client(TOKEN, EXPIRED, TOKEN, EXPIRED, authenticator=refresh())

    with pytest.raises(AuthenticationError, match="accepts the login but refuses the session"):
        made.request("GET", "/limits", repeatable=True)
    assert len(wire.requests) == 4


def test_a_rotated_refresh_token_is_saved_before_it_is_used(client: Any) -> None:
    """Whoever loses it cannot log in any more."""
    saved: list[str] = []
    rotating = (200, {**TOKEN[1], "refresh_token": "second"})
    made, _wire = client(rotating, (200, {}), authenticator=refresh(saved.append))

    made.request("GET", "/limits", repeatable=True)

    assert saved == ["second"]


@pytest.mark.parametrize(
    ("error", "description", "remedy"),
    [
        ("invalid_client_id", "client identifier invalid", "consumer key"),
        ("invalid_grant", "expired access/refresh token", "log in anew"),
        ("invalid_grant", "no client credentials user enabled", "Run As user"),
        ("invalid_grant", "request not supported on this domain", "My Domain"),
    ],
)
def test_a_refused_login_says_what_to_do(
    client: Any, error: str, description: str, remedy: str
) -> None:
    """In Salesforce's words and in ours."""
    reply = (400, {"error": error, "error_description": description})
    made, _ = client(reply, authenticator=refresh())

    with pytest.raises(AuthenticationError, match=remedy) as caught:
        made.check_access()
    assert description in str(caught.value)
    assert "old-refresh" not in str(caught.value)


def test_a_page_in_the_place_of_json_is_asked_for_again(client: Any) -> None:
    """A proxy's page with status 200 is no answer."""
    made, wire = client((200, "<html>"), (200, {"a": 1}))

    assert made.get_json("/limits") == {"a": 1}
    assert len(wire.requests) == 2


def test_api_usage_is_followed(client: Any) -> None:
    """The newest answer tells."""
    made, _ = client((200, {}, {"Sforce-Limit-Info": "api-usage=25/100"}))

    made.check_access()

    assert made.api_usage is not None
    assert made.api_usage.percent == 25
