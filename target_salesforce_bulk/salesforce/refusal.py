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
    elif code in {"REQUESTLIMITEXCEEDED", "EXCEEDEDQUOTA", "LIMITEXCEEDED"}:
        kind = LimitExceededError
        remedy = "The org's 24-hour allowance is used up; run again when some is available."
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
