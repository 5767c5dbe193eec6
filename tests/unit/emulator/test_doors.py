"""Web pages are kept out."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from target_salesforce_bulk.emulator.http.doors import Doors

OTHER_HOST = "The emulator answers only to 127.0.0.1 and localhost as Host."
A_PAGE = "The emulator answers no requests of web pages, which have an Origin."


def ask(**headers: str) -> tuple[int, Any]:
    """Status and body of the answer to a request with these headers."""
    sent: list[Any] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b'"let in"'})

    async def receive() -> Any:
        raise AssertionError("The body was read.")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(Doors(app)(scope, receive, send))
    start, body = sent
    return start["status"], json.loads(body["body"])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8090", "localhost", "LocalHost:8090"])
def test_a_program_is_let_in(host: str) -> None:
    """By a name of this machine, with any port."""
    assert ask(host=host) == (200, "let in")


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8090",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8090",
        "evil-localhost",
        "evil.example#localhost",
        "localhost@evil.example",
    ],
)
def test_a_page_whose_name_was_made_to_resolve_here(host: str) -> None:
    """Its Host is another one; nothing of its request is read."""
    assert ask(host=host) == (403, {"error": OTHER_HOST})


def test_a_request_without_a_host() -> None:
    """It is refused, as its origin is unknown."""
    assert ask() == (403, {"error": OTHER_HOST})


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:8090", "null", ""])
def test_any_page(origin: str) -> None:
    """Any Origin header marks a page, even one on this machine."""
    assert ask(host="127.0.0.1:8090", origin=origin) == (403, {"error": A_PAGE})
