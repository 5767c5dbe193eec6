"""Token requests, and what to do when Salesforce refuses one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import AuthenticationError, UnavailableError
from target_salesforce_bulk.salesforce.auth import Session

if TYPE_CHECKING:
    import requests

    from target_salesforce_bulk.salesforce.transport import Transport

#: What to do, by Salesforce's error and a part of its description.
_REMEDIES = (
    ("invalid_client_id", "", "Check client_id: it is the consumer key of the app."),
    ("invalid_client", "installed", "Ask an administrator to install the app in the org."),
    ("invalid_client", "", "Check client_id and client_secret."),
    (
        "invalid_grant",
        "not supported on this domain",
        "Client credentials need the org's My Domain address as login_url, such as "
        "https://acme.my.salesforce.com.",
    ),
    (
        "invalid_grant",
        "no client credentials user",
        "Name a Run As user in the app's client credentials settings.",
    ),
    (
        "invalid_grant",
        "expired access/refresh token",
        "The refresh token was revoked, has expired or was replaced; log in anew.",
    ),
    ("invalid_grant", "inactive", "Activate the user, or log in as another one."),
    (
        "unsupported_grant_type",
        "",
        "Allow this OAuth flow in the app's settings, or choose another auth_method.",
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenReply:
    """What a token request brought."""

    session: Session
    #: The refresh token that replaces the one that was sent, if there is one.
    refresh_token: str | None = field(repr=False)


def ask_for_token(transport: Transport, login_url: str, form: dict[str, str]) -> TokenReply:
    """Send a token request.

    Raises:
        AuthenticationError: Salesforce refuses it.
        UnavailableError: Salesforce cannot answer it now.
        UnreachableError: no answer came.
    """
    url = f"{login_url.rstrip('/')}/services/oauth2/token"
    # A token more or less harms nobody, so the request may be repeated.
    response = transport.send("POST", url, repeatable=True, body=lambda: form)
    reply = _json(response) if response.status_code == 200 else {}
    token, instance_url = reply.get("access_token"), reply.get("instance_url")
    if not (isinstance(token, str) and isinstance(instance_url, str)):
        raise _refusal(login_url, response)
    return TokenReply(
        session=Session(access_token=token, instance_url=instance_url.rstrip("/")),
        refresh_token=reply.get("refresh_token"),
    )


def _refusal(login_url: str, response: requests.Response) -> Exception:
    status, reply = response.status_code, _json(response)
    error, description = str(reply.get("error", "")), str(reply.get("error_description", ""))
    if status >= 500 or status in {420, 429}:
        return UnavailableError(
            f"{login_url} cannot log anybody in now (HTTP {status}). Try again later.",
            status=status,
            code=error,
            detail=description,
        )
    if not error:
        return AuthenticationError(
            f"{login_url} is no Salesforce login address (HTTP {status} without a token). "
            "Check login_url."
        )
    remedy = next(
        (
            remedy
            for known, part, remedy in _REMEDIES
            if error == known and part in description.lower()
        ),
        "Check the user, the app and login_url.",
    )
    return AuthenticationError(
        f"Salesforce refused the login at {login_url}: {error}, {description}. {remedy}"
    )


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        reply = response.json()
    except ValueError:
        return {}
    return reply if isinstance(reply, dict) else {}
