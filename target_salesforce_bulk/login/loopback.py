"""The listener that a browser comes back to; open on this machine only, while a login waits."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.login.callback import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.login.callback import Callback

logger = logging.getLogger(__name__)

#: For a connection that sends nothing, such as one that a browser opens in advance.
_IDLE_SECONDS = 10

_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Connection": "close",
}


class Loopback(ThreadingHTTPServer):
    """Listens on 127.0.0.1; each request in a thread, so that a silent one holds up nothing."""

    daemon_threads = True
    callback: Callback

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no error; what it sent may hold the code."""
        logger.debug("A browser closed its connection")


class _Handler(BaseHTTPRequestHandler):
    server: Loopback
    timeout = _IDLE_SECONDS
    server_version = "target-salesforce-bulk"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer a browser, and only then hand over what it brings."""
        host, port = self.headers.get("Host", ""), self.server.server_port
        page, answer = self.server.callback.judge(host, self.path, port)
        try:
            self._show(page)
        finally:
            if answer is not None:
                self.server.callback.put(answer)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no GET; nothing of the request is repeated."""
        self._show(Page(HTTPStatus(code), "This request is not understood."))

    def _show(self, page: Page) -> None:
        self.close_connection = True
        body = page_of(page.text)
        self.send_response(page.status)
        for name, value in {**_HEADERS, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing: the address of the request holds the code."""


def page_of(text: str) -> bytes:
    """A page without scripts, styles or links."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>target-salesforce-bulk</title>'
        f"<h1>target-salesforce-bulk</h1><p>{escape(text)}</p></html>"
    ).encode()


@contextmanager
def listening(port: int) -> Iterator[Loopback]:
    """A listener whose port is taken; `serve` starts it.

    Args:
        port: On 127.0.0.1; 0 takes a free one.

    Raises:
        SettingsError: the port cannot be used.
    """
    try:
        server = Loopback(("127.0.0.1", port), _Handler)
    except OSError as error:
        raise SettingsError(
            f"Port {port} cannot be used: {error.strerror}. Choose another one with --port, and "
            "add its callback URL to the app."
        ) from error
    with server:
        yield server


@contextmanager
def serving(server: Loopback, callback: Callback) -> Iterator[None]:
    """Answer browsers in the meantime."""
    server.callback = callback
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.daemon = True
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
