"""Which clients are let in: programs, but no web page that a browser on this machine shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_HOST = re.compile(r"(127\.0\.0\.1|localhost)(:[0-9]+)?", re.IGNORECASE)


class Doors:
    """ASGI middleware that refuses what a web page sends.

    A page whose name was made to resolve to 127.0.0.1 (DNS rebinding) is known by its Host. Any
    other page is known by its Origin, which browsers send with every request that acts; programs
    send none.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it before its body is read."""
        reason = _refusal(Headers(scope=scope))
        if reason is None:
            await self._app(scope, receive, send)
            return
        await JSONResponse({"error": reason}, status_code=403)(scope, receive, send)


def _refusal(headers: Headers) -> str | None:
    if not _HOST.fullmatch(headers.get("host", "")):
        return "The emulator answers only to 127.0.0.1 and localhost as Host."
    if "origin" in headers:
        return "The emulator answers no requests of web pages, which have an Origin."
    return None
