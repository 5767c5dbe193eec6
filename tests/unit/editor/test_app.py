"""The application, without a socket: who is let in, and what is answered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.editor.app import OpenPage, build_app, static_files
from target_salesforce_bulk.editor.doors import LONGEST_BODY
from target_salesforce_bulk.editor.presence import Presence

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message

TOKEN = "right-token"
HOST = "127.0.0.1:5000"
HOME = {"host": HOST}
OURS = {"host": HOST, "authorization": f"Bearer {TOKEN}", "origin": f"http://{HOST}"}


def ask(
    app: ASGIApp, method: str, path: str, headers: Any, *bodies: bytes
) -> tuple[int, dict[str, str], bytes]:
    """One request: its status, headers and body."""
    messages: list[Message] = [
        {"type": "http.request", "body": each, "more_body": place + 1 < len(bodies)}
        for place, each in enumerate(bodies or (b"",))
    ]
    sent: list[Message] = []
    path, _, query = path.partition("?")
    pairs = headers.items() if isinstance(headers, dict) else headers
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in pairs],
    }

    async def receive() -> Message:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(each.get("body", b"") for each in sent[1:])


@pytest.fixture
def app(editor: Callable[..., Any]) -> ASGIApp:
    return build_app(editor(), Presence(), port=5000, token=TOKEN)


def test_the_page(app: ASGIApp) -> None:
    """It comes with the token, loads files only, and holds nothing of the mapping."""
    status, headers, body = ask(app, "GET", f"/?token={TOKEN}", HOME)

    assert status == 200
    assert b"people" not in body
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe" not in policy
    assert {
        name: headers[name]
        for name in ("cache-control", "referrer-policy", "x-content-type-options")
    } == {
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=wrong", "/?Token=right-token"])
def test_the_page_without_its_token(app: ASGIApp, path: str) -> None:
    """It says where the address is, and nothing else."""
    status, headers, body = ask(app, "GET", path, HOME)

    assert status == 403
    assert b"needs its address" in body
    assert "content-security-policy" in headers


@pytest.mark.parametrize(
    "change",
    [
        {"authorization": ""},
        {"authorization": "Bearer wrong"},
        {"host": "evil.example"},
        {"host": "127.0.0.1:5001"},
        {"host": "localhost:5000"},
        {"host": ""},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:5000"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_who_is_not_answered(app: ASGIApp, change: dict[str, str]) -> None:
    """Another site, another name of this machine, and whoever does not know the token."""
    status, headers, body = ask(app, "POST", "/api/start", OURS | change, b"null")

    assert status == 403
    assert b"people" not in body
    assert headers["x-content-type-options"] == "nosniff"


def test_two_hosts(app: ASGIApp) -> None:
    """One of them may be what a proxy or a cache goes by."""
    pairs = [*OURS.items(), ("host", "evil.example")]

    assert ask(app, "POST", "/api/start", pairs, b"null")[0] == 403


def test_a_link_opens_the_page(app: ASGIApp) -> None:
    """From a chat or a terminal in the browser; but no other site may ask for files."""
    linked = HOME | {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    included = HOME | {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}

    assert ask(app, "GET", f"/?token={TOKEN}", linked)[0] == 200
    assert ask(app, "GET", "/static/app.js", included)[0] == 403


def test_an_answer(app: ASGIApp) -> None:
    """The page and a program that knows the token are answered."""
    ours = ask(app, "POST", "/api/start", OURS, b"null")
    program = {name: OURS[name] for name in ("host", "authorization")}

    assert (ours[0], ask(app, "POST", "/api/start", program)[0]) == (200, 200)
    assert b'"people"' in ours[2]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/review", b"{", 400),
        ("/api/review", b"[" * 100_000, 400),
        ("/api/review", b"\xff", 400),
        ("/api/review", b'{"stream": "others"}', 409),
        ("/api/save", b"{}", 409),
        ("/api/nothing", b"", 404),
        ("/static/../app.py", b"", 404),
    ],
)
def test_a_mistake(app: ASGIApp, path: str, body: bytes, status: int) -> None:
    """It is answered without a traceback."""
    found, _, answer = ask(app, "POST", path, OURS, body)

    assert found == status
    assert b"Traceback" not in answer


def test_a_get_asks_nothing(app: ASGIApp) -> None:
    """What a link or an image can send has no effect."""
    assert ask(app, "GET", "/api/save", OURS)[0] == 405


@pytest.mark.parametrize("length", [str(LONGEST_BODY + 1), "x", "-1"])
def test_a_length_that_is_too_much(app: ASGIApp, length: str) -> None:
    """It is refused before its body is read."""
    assert ask(app, "POST", "/api/save", OURS | {"content-length": length})[0] == 413


def test_a_body_without_an_end(app: ASGIApp) -> None:
    """One that does not say its length is read no further than the bound."""
    part = b" " * (LONGEST_BODY // 2 + 1)

    assert ask(app, "POST", "/api/save", OURS, part, part, part)[0] == 413


def test_the_files_are_served(app: ASGIApp) -> None:
    """Each that the page needs, as what it is."""
    found = {each: ask(app, "GET", f"/static/{each}", HOME) for each in static_files()}

    assert {status for status, _, _ in found.values()} == {200}
    assert found["app.js"][1]["content-type"].startswith("text/javascript")
    assert "vendor/htm-preact.js" in found


def test_an_open_page() -> None:
    """It counts until its connection ends."""
    presence = Presence()

    status, _, body = ask(OpenPage(presence), "POST", "/api/presence", OURS)

    assert (status, body) == (200, b"\n")
    assert presence._pages == 0
    assert presence._left is not None
