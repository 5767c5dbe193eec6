"""Turns a response that refuses a request into an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import (
    AuthenticationError,
    LimitExceededError,
    NotFoundError,
    RequestError,
    UnavailableError,
)
from target_salesforce_bulk.salesforce.remedies import remedy_for

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.answer import Answer

#: What to do about a 401 that a new token does not fix, by a part of its message. Salesforce sends
#: these with the code of an expired session.
#: https://github.com/jsforce/jsforce/blob/main/src/http-api.ts (isSessionExpired)
_INCURABLE = {
    "connected app is not attached to agent": "Attach the app to the agent, or use another app.",
    "this session is not valid for use with the rest api": (
        "The token lacks the scope api; log in with an app or flow that grants it."
    ),
}

#: The codes of a used-up limit. Salesforce uses them for the daily allowance ("TotalRequests Limit
#: exceeded.") and for requests that run at once ("ConcurrentRequests (Concurrent API Requests)
#: Limit exceeded.", "ConcurrentPerOrgLongTxn Limit exceeded.").
#: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
_LIMITS = frozenset({"REQUESTLIMITEXCEEDED", "EXCEEDEDQUOTA", "LIMITEXCEEDED"})
_AT_ONCE = ("CONCURRENT", "TOOMANYREQUESTS")


def is_too_many_at_once(answer: Answer) -> bool:
    """Whether a request was refused because too many run at once, which passes within minutes."""
    code, detail = answer.error
    if code.startswith(_AT_ONCE):
        return True
    words = detail.upper().replace(" ", "")
    return code in _LIMITS and any(each in words for each in _AT_ONCE)


def is_daily_limit(answer: Answer) -> bool:
    """Whether a request was refused because an allowance of 24 hours is used up."""
    return answer.error[0] in _LIMITS and not is_too_many_at_once(answer)


def refusal(method: str, path: str, answer: Answer) -> RequestError:
    """The error for a response with status 300 or above."""
    status = answer.status
    code, detail = answer.error
    kind: type[RequestError] = RequestError
    remedy = remedy_for(code, detail)
    if status in {404, 410}:
        kind = NotFoundError
        if status == 410:
            remedy = "Salesforce has retired this api_version; set a newer one."
    elif is_daily_limit(answer):
        kind = LimitExceededError
        remedy = "The org's 24-hour allowance is used up; run again when some is available."
    elif is_too_many_at_once(answer):
        kind = UnavailableError
        remedy = (
            "Too many requests of all clients of the org ran at once, through every attempt; run "
            "again later, or lower max_concurrent_jobs."
        )
    elif status >= 500 or status in {408, 420, 429}:
        kind = UnavailableError
        remedy = "Salesforce stayed unavailable through every attempt; run again later."
    sentence = f"Salesforce refused {method} {path}: {code or f'HTTP {status}'}, {detail}."
    return kind(f"{sentence} {remedy}".rstrip(), status=status, code=code, detail=detail)


def check_curable(answer: Answer) -> None:
    """Check that a new token may fix a 401.

    Raises:
        AuthenticationError: it cannot.
    """
    code, detail = answer.error
    remedy = next((text for part, text in _INCURABLE.items() if part in detail.lower()), "")
    if remedy or (code and code != "INVALIDSESSIONID"):
        raise AuthenticationError(f"Salesforce refuses the session: {detail}. {remedy}".rstrip())


def still_refused(answer: Answer) -> AuthenticationError:
    """The error for a 401 despite a new token."""
    return AuthenticationError(
        f"Salesforce accepts the login but refuses the session: {answer.error[1]}. Check the app's "
        "OAuth scopes (api), its IP rules and the user's permissions."
    )
