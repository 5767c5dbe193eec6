"""Which error a refusal becomes."""

from __future__ import annotations

import json

import pytest

from target_salesforce_bulk.errors import (
    AuthenticationError,
    LimitExceededError,
    NotFoundError,
    RequestError,
    UnavailableError,
)
from target_salesforce_bulk.salesforce.answer import Answer
from target_salesforce_bulk.salesforce.refusal import (
    check_curable,
    is_daily_limit,
    is_too_many_at_once,
    refusal,
)


def answer(status: int, code: str, message: str = "no") -> Answer:
    body = json.dumps([{"errorCode": code, "message": message}]).encode()
    return Answer(status=status, headers={}, body=body)


AT_ONCE = [
    (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
    (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
    (503, "REQUEST_LIMIT_EXCEEDED", "Too many requests are concurrent."),
    (400, "LimitExceeded", "TooManyRequests"),
    (403, "TooManyRequests", ""),
    (403, "CONCURRENT_REQUEST_LIMIT", "no"),
]


@pytest.mark.parametrize(("status", "code", "message"), AT_ONCE)
def test_too_many_requests_at_once(status: int, code: str, message: str) -> None:
    """They pass within minutes, so the daily allowance is not blamed."""
    refused = answer(status, code, message)

    assert (is_too_many_at_once(refused), is_daily_limit(refused)) == (True, False)
    assert isinstance(refusal("GET", "/x", refused), UnavailableError)
    assert "max_concurrent_jobs" in str(refusal("GET", "/x", refused))


@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize("code", ["REQUEST_LIMIT_EXCEEDED", "ExceededQuota", "LimitExceeded"])
def test_an_allowance_that_is_used_up(status: int, code: str) -> None:
    """Whatever the status: it lasts for hours."""
    refused = answer(status, code, "TotalRequests Limit exceeded.")

    assert (is_too_many_at_once(refused), is_daily_limit(refused)) == (False, True)
    assert isinstance(refusal("GET", "/x", refused), LimitExceededError)


def test_an_object_whose_name_sounds_like_a_limit() -> None:
    """Only the error's code tells that something is limited."""
    refused = answer(400, "INVALIDJOB", "Field name not found : Concurrent_TooManyRequests__c")

    assert (is_too_many_at_once(refused), is_daily_limit(refused)) == (False, False)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (404, "NOT_FOUND", NotFoundError),
        (410, "UNSUPPORTED_API_VERSION", NotFoundError),
        (403, "REQUEST_LIMIT_EXCEEDED", LimitExceededError),
        (400, "INVALIDJOB", RequestError),
        (400, "InvalidJob", RequestError),
        (503, "SERVER_UNAVAILABLE", UnavailableError),
    ],
)
def test_refusals_have_a_class(status: int, code: str, kind: type) -> None:
    """By status and code, in any spelling of the code."""
    error = refusal("GET", "/x", answer(status, code))

    assert type(error) is kind
    assert (error.status, error.code) == (status, code.upper().replace("_", ""))


def test_a_known_code_says_what_to_do() -> None:
    """In addition to Salesforce's own words."""
    error = refusal("POST", "/jobs/ingest", answer(400, "FEATURENOTENABLED", "not enabled"))

    assert str(error) == (
        "Salesforce refused POST /jobs/ingest: FEATURENOTENABLED, not enabled. hardDelete needs "
        "the permission Bulk API Hard Delete on the user's profile."
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
        ("INVALID_SESSION_ID", "Connected app is not attached to Agent"),
        ("INVALID_AUTH_HEADER", "no"),
    ],
)
def test_a_401_that_no_new_token_cures(code: str, message: str) -> None:
    """Also if it has the code of an expired session."""
    with pytest.raises(AuthenticationError, match=message):
        check_curable(answer(401, code, message))


def test_an_expired_session_is_curable() -> None:
    """By its code, or if there is none."""
    check_curable(answer(401, "INVALID_SESSION_ID", "Session expired or invalid"))
    check_curable(Answer(status=401, headers={}, body=b""))
