"""Which requests are let in: those of the page that was opened with the token, on this machine."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Bytes of a request's body: the mapping of a few hundred wide streams.
LONGEST_BODY = 8_000_000

#: Files only from here, no inline script or style, no form, no frame, no text as HTML by a script.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}


class TooLongError(Exception):
    """The body of a request has too many bytes."""


class Doors:
    """ASGI middleware that lets the page in, and nothing else.

    A page of another site is known by its Origin or by what its browser says of the fetch; one
    whose name was made to resolve to 127.0.0.1 (DNS rebinding) by its Host. Another user of this
    machine does not know the token.

    Args:
        app: What the page asks.
        port: The port on 127.0.0.1.
        token: What the address has that was opened.
        refused: What a person sees who opens the page without it.
    """

    def __init__(self, app: ASGIApp, *, port: int, token: str, refused: Response) -> None:
        self._app = app
        self._host = f"127.0.0.1:{port}"
        self._token = token
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it before its body is read."""
        if scope["type"] != "http":
            return
        answer = self._refusal(scope, Headers(scope=scope)) or self._app
        try:
            await answer(scope, _bounded(receive), _with_headers(send))
        except TooLongError:
            await _error(413, "The request is too long.")(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if not self._is_from_here(scope, headers):
            return _error(403, "Only the page itself is answered.")
        if scope["path"].startswith("/static/"):  # the code of the page, the same for everyone
            return None
        if not self._has_token(scope, headers):
            is_page = scope["path"] == "/"
            return self._refused if is_page else _error(403, "The token is missing or wrong.")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > LONGEST_BODY:
            return _error(413, "The request is too long.")
        return None

    def _is_from_here(self, scope: Scope, headers: Headers) -> bool:
        hosts = headers.getlist("host")
        origins = headers.getlist("origin")
        # A link in a chat or a terminal may open the page, but no other page may ask for the rest.
        # https://www.w3.org/TR/fetch-metadata/
        opens = scope["path"] == "/" and headers.get("sec-fetch-mode") == "navigate"
        site = headers.get("sec-fetch-site", "same-origin")
        return (
            hosts == [self._host]
            and all(each == f"http://{self._host}" for each in origins)
            and (opens or site in {"same-origin", "none"})
        )

    def _has_token(self, scope: Scope, headers: Headers) -> bool:
        if scope["path"] == "/":
            query = parse_qs(scope["query_string"].decode("latin-1"))
            given = query.get("token", [""])[-1]
        else:
            given = headers.get("authorization", "").removeprefix("Bearer ")
        return secrets.compare_digest(given.encode(), self._token.encode())


def _error(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status_code=status)


def _bounded(receive: Receive) -> Receive:
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > LONGEST_BODY:
            raise TooLongError
        return message

    return bounded


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_HEADERS)
        await send(message)

    return with_headers
