"""The web application: the files of the page, and its questions to the editor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from target_salesforce_bulk.editor.doors import Doors
from target_salesforce_bulk.errors import SalesforceBulkError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from target_salesforce_bulk.editor.editor import Editor
    from target_salesforce_bulk.editor.presence import Presence

    Endpoint = Callable[[Request], Awaitable[Response]]

_STATIC = Path(__file__).with_name("static")
_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


def build_app(editor: Editor, presence: Presence, *, port: int, token: str) -> Starlette:
    """The application.

    Args:
        editor: Answers what the page asks.
        presence: Is told when a page is opened and closed.
        port: The port that it is served on.
        token: What opens the page.
    """
    routes = [
        Route("/", _file("index.html")),
        *(Route(f"/static/{each}", _file(each)) for each in static_files()),
        Route("/api/start", _answer(lambda _: editor.start()), methods=["POST"]),
        Route("/api/object", _answer(editor.choose_object), methods=["POST"]),
        Route("/api/review", _answer(editor.review), methods=["POST"]),
        Route("/api/changes", _answer(editor.changes), methods=["POST"]),
        Route("/api/save", _answer(editor.save), methods=["POST"]),
        Route("/api/end", _answer(lambda _: _end(presence)), methods=["POST"]),
        Route("/api/presence", _presence(presence), methods=["POST"]),
    ]
    refused = Response(_content("again.html"), status_code=403, media_type="text/html")
    doors = Middleware(Doors, port=port, token=token, refused=refused)
    return Starlette(routes=routes, middleware=[doors])


def static_files() -> list[str]:
    """The files that the page loads, by their paths below the folder."""
    return sorted(
        each.relative_to(_STATIC).as_posix()
        for each in _STATIC.rglob("*")
        if each.suffix in {".css", ".js", ".svg"}
    )


def _content(name: str) -> bytes:
    return (_STATIC / name).read_bytes()


def _file(name: str) -> Endpoint:
    content, media_type = _content(name), _MEDIA_TYPES[Path(name).suffix]

    async def endpoint(_: Request) -> Response:
        return Response(content, media_type=media_type)

    return endpoint


def _answer(ask: Callable[[Any], dict[str, Any]]) -> Endpoint:
    """An endpoint that reads JSON and answers with JSON; an error becomes a sentence."""

    async def endpoint(request: Request) -> Response:
        try:
            body = json.loads(await request.body() or b"null")
        except (ValueError, RecursionError):
            return JSONResponse({"error": "The request is not JSON."}, status_code=400)
        try:
            return JSONResponse(await run_in_threadpool(ask, body))
        except SalesforceBulkError as error:
            return JSONResponse({"error": str(error)}, status_code=409)

    return endpoint


def _end(presence: Presence) -> dict[str, Any]:
    presence.end()
    return {}


def _presence(presence: Presence) -> Endpoint:
    async def endpoint(_: Request) -> Response:
        return OpenPage(presence)

    return endpoint


class OpenPage(Response):
    """A response that does not end before the page is closed."""

    def __init__(self, presence: Presence) -> None:
        super().__init__(media_type="text/plain")
        self._presence = presence
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the first byte, and wait for the end of the connection."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        self._presence.enter()
        try:
            await send(start)
            await send({"type": "http.response.body", "body": b"\n", "more_body": True})
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._presence.leave()
