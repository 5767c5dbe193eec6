"""Ways to log in: what each needs, and what to do when Salesforce says no.

Token replies tell no lifetime, so a session is renewed when it is refused, not before.
https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flows.htm
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import AuthenticationError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

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
class Session:
    """Access to one org."""

    access_token: str = field(repr=False)
    instance_url: str


class Authenticator(ABC):
    """A way to get a session."""

    @abstractmethod
    def login(self, transport: Transport, *, refused: str | None) -> Session:
        """Get a session.

        Args:
            transport: Sends requests.
            refused: The access token that Salesforce does not take any more; None at first.

        Raises:
            AuthenticationError: Salesforce says no.
            UnreachableError: it says nothing.
        """


@dataclass(frozen=True, slots=True)
class AccessToken(Authenticator):
    """An access token or session id that somebody else got; it cannot be renewed."""

    access_token: str = field(repr=False)
    instance_url: str

    def login(self, transport: Transport, *, refused: str | None) -> Session:
        """The session as it is."""
        if refused is not None:
            raise AuthenticationError(
                "Salesforce does not accept access_token (any more), and an access token cannot be "
                "renewed. Set a new one, or log in with client_id and client_secret or a "
                "refresh_token."
            )
        return Session(access_token=self.access_token, instance_url=self.instance_url.rstrip("/"))


class _TokenEndpoint(Authenticator):
    """A login by a request to `/services/oauth2/token`."""

    login_url: str

    @abstractmethod
    def _form(self) -> dict[str, str]:
        """The members of the request."""

    def login(self, transport: Transport, *, refused: str | None) -> Session:
        """Ask for a token."""
        reply = _ask_for_token(transport, self.login_url, self._form())
        return Session(
            access_token=reply["access_token"], instance_url=reply["instance_url"].rstrip("/")
        )


@dataclass(frozen=True, slots=True)
class ClientCredentials(_TokenEndpoint):
    """The app logs in as its Run As user; only the org's My Domain address takes this."""

    login_url: str
    client_id: str
    client_secret: str = field(repr=False)

    def _form(self) -> dict[str, str]:
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }


@dataclass(slots=True)
class RefreshToken(_TokenEndpoint):
    """A refresh token that a user granted to the app.

    Where the org rotates refresh tokens, each reply brings a new one and kills the old one, so the
    new one is saved before it is used.
    """

    login_url: str
    client_id: str
    client_secret: str | None = field(repr=False)
    refresh_token: str = field(repr=False)
    save: Callable[[str], None] = field(repr=False)

    def _form(self) -> dict[str, str]:
        form = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "refresh_token": self.refresh_token,
        }
        return form | ({"client_secret": self.client_secret} if self.client_secret else {})

    def login(self, transport: Transport, *, refused: str | None) -> Session:
        """Ask for a token, and keep the refresh token that may have come with it."""
        reply = _ask_for_token(transport, self.login_url, self._form())
        rotated = reply.get("refresh_token")
        if rotated and rotated != self.refresh_token:
            self.save(rotated)
            self.refresh_token = rotated
        return Session(
            access_token=reply["access_token"], instance_url=reply["instance_url"].rstrip("/")
        )


def _ask_for_token(transport: Transport, login_url: str, form: dict[str, str]) -> dict[str, Any]:
    url = f"{login_url.rstrip('/')}/services/oauth2/token"
    # A token more or less harms nobody, so the request may be repeated.
    response = transport.send("POST", url, repeatable=True, body=lambda: form)
    if response.status_code == 200:
        reply = _json(response)
        if isinstance(reply.get("access_token"), str) and isinstance(
            reply.get("instance_url"), str
        ):
            return reply
    raise _refusal(login_url, response)


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
