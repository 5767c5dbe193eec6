"""OAuth: the token endpoint and its neighbours.

Answers as recorded: no `expires_in`, and `issued_at` as text in milliseconds.
"""

from __future__ import annotations

import base64
import secrets
import time
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from target_salesforce_bulk.emulator.http.bodies import read_form
from target_salesforce_bulk.emulator.http.errors import oauth_error_answer
from target_salesforce_bulk.emulator.org.refusal import OAuthError

if TYPE_CHECKING:
    from starlette.requests import Request

    from target_salesforce_bulk.emulator.org.org import Org
    from target_salesforce_bulk.emulator.org.tokens import Grant


class OAuth:
    """Handlers below `/services/oauth2/`."""

    def __init__(self, org: Org, url: str) -> None:
        self._org = org
        self._url = url

    async def issue_token(self, request: Request) -> Response:
        """Issue an access token."""
        try:
            form = await read_form(request)
            if form.get("grant_type") == "authorization_code":
                self._org.authorizations.redeem(form)
            authorization = request.headers.get("Authorization", "")
            grant = self._org.tokens.grant(with_basic(form, authorization), self._url)
        except OAuthError as error:
            return oauth_error_answer(error)
        return JSONResponse(_token_answer(grant, self._url, self._org.tokens.org_id))

    async def revoke_token(self, request: Request) -> Response:
        """Revoke a token."""
        token = (await read_form(request)).get("token", "")
        if not self._org.tokens.kind_of(token):
            return oauth_error_answer(OAuthError("invalid_token", "invalid token"))
        self._org.tokens.revoke(token)
        return Response()

    async def introspect_token(self, request: Request) -> Response:
        """Describe a token to its app."""
        form = await read_form(request)
        try:
            authorization = request.headers.get("Authorization", "")
            self._org.tokens.check_client(with_basic(form, authorization))
        except OAuthError as error:
            return oauth_error_answer(error, 401)
        token = form.get("token", "")
        kind = self._org.tokens.kind_of(token)
        return JSONResponse(self._described(token, kind) if kind else {"active": False})

    def _described(self, token: str, kind: str) -> dict[str, Any]:
        return {
            "active": True,
            "scope": "api refresh_token",
            "client_id": self._org.tokens.client_id,
            "username": self._org.tokens.username_of(token),
            "token_type": kind,
        }

    async def get_userinfo(self, request: Request) -> Response:
        """Describe the user who is logged in; all users share one Id."""
        token = bearer_token(request.headers.get("Authorization", ""))
        username = self._org.tokens.username_of(token)
        return JSONResponse(
            {
                "user_id": self._org.records.user_id,
                "organization_id": self._org.tokens.org_id,
                "preferred_username": username,
                "name": username.partition("@")[0].capitalize(),
            }
        )


def bearer_token(authorization: str) -> str:
    """The token of an Authorization header; empty if it has none."""
    kind, _, token = authorization.partition(" ")
    return token if kind.lower() in {"bearer", "oauth"} else ""


def with_basic(form: dict[str, str], authorization: str) -> dict[str, str]:
    """The form of a token request, with the client's credentials from HTTP Basic if it has any."""
    kind, _, encoded = authorization.partition(" ")
    if kind.lower() != "basic":
        return form
    try:
        client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
    except ValueError:
        return form
    return form | {"client_id": client_id, "client_secret": secret}


def _token_answer(grant: Grant, url: str, org_id: str) -> dict[str, Any]:
    answer = {
        "access_token": grant.access_token,
        "instance_url": url,
        "id": f"{url}/id/{org_id}/0055g00000000001AA",
        "token_type": "Bearer",
        "issued_at": str(int(time.time() * 1000)),
        "signature": base64.b64encode(secrets.token_bytes(32)).decode(),
        "scope": "api refresh_token",
    }
    if grant.refresh_token:
        answer["refresh_token"] = grant.refresh_token
    return answer
