"""The server of the page, from its address to its end."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests

from target_salesforce_bulk.editor import server
from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable


def test_from_the_address_to_the_end(
    editor: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The browser gets the address that is printed, and the page can end the server."""
    opened: list[str] = []
    ready = threading.Event()
    monkeypatch.setattr(server.webbrowser, "open", lambda url: (opened.append(url), ready.set()))
    thread = threading.Thread(
        target=server.serve, args=(editor(),), kwargs={"port": 0, "opens_browser": True}
    )
    thread.start()
    assert ready.wait(30)
    address, _, token = opened[0].partition("?token=")
    headers = {"Authorization": f"Bearer {token}"}
    page = requests.get(opened[0], timeout=30)
    requests.post(f"{address}api/end", headers=headers, timeout=30)
    thread.join(30)

    assert page.status_code == 200
    assert "server" not in page.headers
    assert not thread.is_alive()
    assert capsys.readouterr().out == f"{opened[0]}\n"
    assert len(token) >= 40
    assert plain_text(token) == "***"


def test_a_port_that_is_taken(editor: Callable[..., Any]) -> None:
    """It is named."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f"Port {port} cannot be used"):
            server.serve(editor(), port=port, opens_browser=False)
