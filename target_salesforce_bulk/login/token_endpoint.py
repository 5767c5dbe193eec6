"""Token requests, and what to do when Salesforce refuses one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import (
    AuthenticationError,
    ResponseError,
    UnavailableError,
)
from target_salesforce_bulk.login.address import check_instance_url
from target_salesforce_bulk.login.secret import is_sendable
from target_salesforce_bulk.redaction import conceal
from target_salesforce_bulk.salesforce.answer import printable
from target_salesforce_bulk.salesforce.auth import Session
from target_salesforce_bulk.salesforce.exchange import Request
from target_salesforce_bulk.salesforce.org_id import org_of_identity, org_of_token
from target_salesforce_bulk.salesforce.remedies import remedy_for

if TYPE_CHECKING:
    from target_salesforce_bulk.errors import SalesforceError
    from target_salesforce_bulk.salesforce.answer import Answer
    from target_salesforce_bulk.salesforce.transport import Transport


class InvalidGrantError(AuthenticationError):
    """Salesforce does not take the refresh token (any more)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenReply:
    """What a token request brought."""

    session: Session
    #: The refresh token that replaces the one that was sent, if there is one.
    refresh_token: str | None = field(repr=False)


def ask_for_token(transport: Transport, login_url: str, form: dict[str, str]) -> TokenReply:
    """Send a token request.

    Raises:
        InvalidGrantError: Salesforce does not take what the request relies on.
        AuthenticationError: Salesforce refuses it for another reason.
        UnavailableError: Salesforce cannot answer it now.
        UnreachableError: no answer came.
        ResponseError: the answer cannot be understood.
    """
    # A token more or less harms nobody, so the request may be repeated.
    request = Request(
        method="POST",
        url=f"{login_url}/services/oauth2/token",
        repeatable=True,
        body=lambda: form,
        headers={"Accept": "application/json"},
    )
    answer = transport.send(request)
    reply = _json(answer) if answer.status == 200 else {}
    token, instance_url = reply.get("access_token"), reply.get("instance_url")
    if not (isinstance(token, str) and isinstance(instance_url, str)):
        raise _refusal(login_url, answer)
    return TokenReply(
        session=Session(
            access_token=_sendable(token, "access_token", login_url),
            instance_url=check_instance_url(instance_url, login_url),
            org_id=org_of_identity(reply.get("id")) or org_of_token(token),
        ),
        refresh_token=_rotated(reply, login_url),
    )


def _rotated(reply: dict[str, Any], login_url: str) -> str | None:
    token = reply.get("refresh_token")
    return _sendable(token, "refresh_token", login_url) if isinstance(token, str) else None


def _sendable(token: str, name: str, login_url: str) -> str:
    if not token or not is_sendable(token):
        raise ResponseError(f"{login_url} sent an invalid {name}.")
    conceal(token)
    return token


def _refusal(login_url: str, answer: Answer) -> SalesforceError:
    status, reply = answer.status, _json(answer)
    error = printable(reply.get("error", ""))
    description = printable(reply.get("error_description", ""))
    if status >= 500 or status in {408, 420, 429}:
        return UnavailableError(
            f"{login_url} is not available for logins (HTTP {status}). Try again later.",
            status=status,
            code=error,
            detail=description,
        )
    if not error:
        return AuthenticationError(
            f"{login_url} is not a Salesforce login address (HTTP {status} without a token). "
            "Check login_url."
        )
    kind = InvalidGrantError if error == "invalid_grant" else AuthenticationError
    return kind(
        f"Salesforce refused the login at {login_url}: {error}, {description}. "
        f"{remedy_for(error, description) or 'Check the user, the app and login_url.'}"
    )


def _json(answer: Answer) -> dict[str, Any]:
    try:
        return answer.object
    except ResponseError:
        return {}
