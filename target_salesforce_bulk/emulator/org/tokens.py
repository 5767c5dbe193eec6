"""The credentials of the one connected app, and the tokens it was issued."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_salesforce_bulk.emulator.org.assertions import username_of
from target_salesforce_bulk.emulator.org.refusal import OAuthError
from target_salesforce_bulk.emulator.org.users import User, check_approved, check_password

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator.org.behaviour import Behaviour

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

ORG_ID = "00D5g000004EmuLEAS"


@dataclass(frozen=True)
class Grant:
    """What a token request is answered with."""

    access_token: str
    #: Set only for a code, and where the refresh token was rotated.
    refresh_token: str | None = None


class Tokens:
    """The app's credentials and the valid tokens; safe to use from any thread."""

    def __init__(self, behaviour: Behaviour, org_id: str = ORG_ID) -> None:
        self._behaviour = behaviour
        self.org_id = org_id
        self._mutex = threading.Lock()
        self.client_id = f"3MVG9{secrets.token_urlsafe(40)}"
        self.client_secret = secrets.token_hex(32).upper()
        self.username = "admin@emulator.example"
        self.password = secrets.token_urlsafe(12)
        #: Usernames by valid token.
        self._access: dict[str, str] = {}
        self._refresh: dict[str, str] = {}
        #: Requests by access token.
        self._requests: Counter[str] = Counter()
        self.access_token = self._new_access(self.username)
        self.refresh_token = self._new_refresh(self.username)

    def _new_access(self, username: str) -> str:
        token = f"{self.org_id[:15]}!{secrets.token_urlsafe(60)}"
        self._access[token] = username
        return token

    def _new_refresh(self, username: str) -> str:
        token = f"5Aep{secrets.token_urlsafe(50)}"
        self._refresh[token] = username
        return token

    def admit(self, access_token: str) -> bool:
        """Whether a request with an access token is admitted; counts it if it is."""
        with self._mutex:
            if access_token not in self._access:
                return False
            most = self._behaviour.requests_per_session
            if most and self._requests[access_token] >= most:
                del self._access[access_token]
                return False
            self._requests[access_token] += 1
            return True

    def kind_of(self, token: str) -> str:
        """Which kind of valid token it is; empty if it is none."""
        with self._mutex:
            if token in self._access:
                return "access_token"
            return "refresh_token" if token in self._refresh else ""

    def username_of(self, token: str) -> str:
        """Whose token it is; empty if it is invalid."""
        with self._mutex:
            return self._access.get(token) or self._refresh.get(token, "")

    def check_client(self, form: dict[str, str]) -> None:
        """Check the credentials of the app in a request about one of its tokens.

        Raises:
            OAuthError: they are not the app's.
        """
        self._check_client(form)

    def expire(self) -> None:
        """Expire every access token issued so far."""
        with self._mutex:
            self._access.clear()

    def revoke(self, token: str) -> None:
        """Revoke one access or refresh token."""
        with self._mutex:
            self._access.pop(token, None)
            self._refresh.pop(token, None)

    def grant(self, form: dict[str, str], audience: str = "") -> Grant:
        """Issue a token for the form of a token request.

        Args:
            form: The form.
            audience: The address of this org, for which a JWT may be made.

        Raises:
            OAuthError: the request is refused.
        """
        with self._mutex:
            self._check_rules(form)
            match form.get("grant_type"):
                case "client_credentials":
                    self._check_client(form)
                    return Grant(self._new_access(self.username))
                case "authorization_code":  # its code was checked before
                    self._check_client(form, secret_optional=True)
                    mine = self.username
                    return Grant(self._new_access(mine), self._new_refresh(mine))
                case "refresh_token":
                    self._check_client(form, secret_optional=True)
                    return self._grant_refresh(form.get("refresh_token", ""))
                case "password":
                    self._check_client(form)
                    given = form.get("username", ""), form.get("password", "")
                    user = check_password(self._users, *given)
                    return Grant(self._new_access(user.username))
                case grant_type if grant_type == _JWT_BEARER:
                    user = self._check_assertion(form.get("assertion", ""), audience)
                    return Grant(self._new_access(user.username))
        raise OAuthError("unsupported_grant_type", "grant type not supported")

    def _check_client(self, form: dict[str, str], *, secret_optional: bool = False) -> None:
        if form.get("client_id") != self.client_id:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        secret = form.get("client_secret")
        if secret is None and secret_optional:
            return
        if secret != self.client_secret:
            raise OAuthError("invalid_client", "invalid client credentials")

    @property
    def _users(self) -> list[User]:
        return [User(username=self.username, password=self.password), *self._behaviour.users]

    def _check_assertion(self, assertion: str, audience: str) -> User:
        certificates = self._behaviour.jwt_certificates
        username = username_of(assertion, self.client_id, certificates, audience)
        return check_approved(self._users, username)

    def _check_rules(self, form: dict[str, str]) -> None:
        grant_type, username = form.get("grant_type", ""), form.get("username", "")
        for rule in self._behaviour.login_rules:
            if rule.takes(grant_type, username):
                raise OAuthError(rule.error, rule.description)

    def _grant_refresh(self, refresh_token: str) -> Grant:
        username = self._refresh.get(refresh_token)
        if username is None:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        if not self._behaviour.rotate_refresh_tokens:
            return Grant(self._new_access(username))
        del self._refresh[refresh_token]
        return Grant(self._new_access(username), self._new_refresh(username))
