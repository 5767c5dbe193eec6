"""OAuth in a browser: the page that asks the user, and the answer to the app.

A mistake that concerns the app or its callback URL is shown to the user; every other answer goes
to the app. https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flow_errors.htm
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, RedirectResponse

from target_salesforce_bulk.emulator.org.refusal import OAuthError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from target_salesforce_bulk.emulator.org.authorizations import Authorization
    from target_salesforce_bulk.emulator.org.org import Org

#: `form-action` also governs where the answer to a form redirects to.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self' http://localhost:* http://127.0.0.1:*",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}


class Authorize:
    """Handlers of `/services/oauth2/authorize` and of the emulator's form on it."""

    def __init__(self, org: Org) -> None:
        self._org = org

    async def ask_user(self, request: Request) -> Response:
        """Show the form, or answer for the user if the emulator is told to."""
        form = dict(request.query_params)
        try:
            self._org.authorizations.check_app(form)
        except OAuthError as error:
            return _page(f"error={error.error}&error_description={error.description}", status=400)
        try:
            name = self._org.authorizations.ask(form)
        except OAuthError as error:
            return _redirect(form["redirect_uri"], form.get("state", ""), _members(error))
        if self._org.behaviour.consent != "ask":
            return self._answer(name, self._org.behaviour.consent)
        return _page("An app asks for access to this org.", _form(name, self._org.tokens.username))

    async def take_answer(self, request: Request) -> Response:
        """Send the user's answer to the app."""
        consent = "allow" if request.query_params.get("answer") == "allow" else "access_denied"
        try:
            return self._answer(request.query_params.get("request", ""), consent)
        except OAuthError as error:
            return _page(error.description, status=400)

    def _answer(self, name: str, consent: str) -> Response:
        asked = self._org.authorizations.answer(name)
        return _redirect(asked.redirect_uri, asked.state, self._result(asked, consent))

    def _result(self, asked: Authorization, consent: str) -> dict[str, str]:
        if consent == "allow":
            return {"code": self._org.authorizations.issue_code(asked)}
        return _members(OAuthError(consent, "end-user denied authorization"))


def _members(error: OAuthError) -> dict[str, str]:
    return {"error": error.error, "error_description": error.description}


def _redirect(uri: str, state: str, members: dict[str, str]) -> Response:
    return RedirectResponse(f"{uri}?{urlencode(members | {'state': state})}", 302, _HEADERS)


def _form(name: str, username: str) -> str:
    # A GET, because a POST has an Origin, which the emulator refuses. Only this page knows the
    # name of the request, so no other one can answer it.
    return (
        f"<p>Logged in as {escape(username)}</p>"
        '<form action="/services/oauth2/authorize/answer">'
        f'<input type="hidden" name="request" value="{escape(name)}">'
        '<button name="answer" value="allow">Allow</button> '
        '<button name="answer" value="deny">Deny</button></form>'
    )


def _page(text: str, form: str = "", status: int = 200) -> Response:
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Salesforce emulator</title>'
        f"<h1>Salesforce emulator</h1><p>{escape(text)}</p>{form}</html>",
        status,
        _HEADERS,
    )
