"""Serves the page on 127.0.0.1 until it is closed."""

from __future__ import annotations

import secrets
import socket
import threading
import time
import webbrowser
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from target_salesforce_bulk.editor.app import build_app
from target_salesforce_bulk.editor.presence import Presence
from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.printing import print_lines
from target_salesforce_bulk.redaction import conceal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.applications import Starlette

    from target_salesforce_bulk.editor.editor import Editor

_POLL_SECONDS = 0.1


def serve(editor: Editor, *, port: int, opens_browser: bool) -> None:
    """Print the address of the page, and serve it until it is closed or saved and closed.

    Args:
        editor: Answers what the page asks.
        port: On 127.0.0.1; 0 takes a free one.
        opens_browser: Whether to open the address.

    Raises:
        SettingsError: the port cannot be used.
    """
    token = secrets.token_urlsafe(32)
    presence = Presence()
    with _listening(port) as listener:
        taken: int = listener.getsockname()[1]
        app = build_app(editor, presence, port=taken, token=token)
        with _running(app, listener):
            url = f"http://127.0.0.1:{taken}/?token={token}"
            print_lines(url)
            conceal(token)  # from whatever is logged from now on
            if opens_browser:
                webbrowser.open(url)
            while not presence.is_over:
                time.sleep(_POLL_SECONDS)


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(128)
        except OSError as error:
            raise SettingsError(
                f"Port {port} cannot be used: {error.strerror}. Choose another one with --port."
            ) from None
        yield listener


@contextmanager
def _running(app: Starlette, listener: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(
        app,
        access_log=False,
        lifespan="off",
        log_config=None,
        log_level="critical",  # a request's address has the token
        server_header=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)
