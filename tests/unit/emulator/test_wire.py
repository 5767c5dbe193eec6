"""Requests are recorded, and faults break them where they say."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from target_salesforce_bulk.emulator.http import wire as module
from target_salesforce_bulk.emulator.http.request_log import RequestLog, RequestRecord
from target_salesforce_bulk.emulator.http.wire import BreakableProtocol, FaultyWire
from target_salesforce_bulk.emulator.org.faults import Fault, FaultBox, FaultKind

CLIENT = ("127.0.0.1", 7)
PATH = "/services/data"


@dataclass
class World:
    """What happened, in its order, to one request to an app that answers `abcdef` in two parts."""

    faults: FaultBox = field(default_factory=FaultBox)
    log: RequestLog = field(default_factory=RequestLog)
    steps: list[Any] = field(default_factory=list)
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    parts: list[bytes] = field(default_factory=lambda: [b"request", b""])

    def abort(self) -> None:
        """Aborts the connection."""
        self.steps.append("cut")

    async def sleep(self, seconds: float) -> None:
        """In the place of waiting."""
        if seconds:
            self.steps.append(f"wait {seconds}")

    async def app(self, _scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["more_body"]:
            pass
        self.steps.append("app")
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b"abc", "more_body": True})
        await send({"type": "http.response.body", "body": b"def"})

    async def receive(self) -> Any:
        self.steps.append("read")
        return {"type": "http.request", "body": self.parts.pop(0), "more_body": bool(self.parts)}

    async def send(self, message: Any) -> None:
        is_start = message["type"] == "http.response.start"
        self.steps.append(message["status"] if is_start else message["body"])

    def request(self, path: str = PATH, kind: str = "http") -> list[Any]:
        """Send a request; what happened."""
        scope = {
            "type": kind,
            "method": "GET",
            "path": path,
            "client": [*CLIENT],
            "headers": self.headers,
        }
        faulty = FaultyWire(self.app, self.faults, self.log)
        asyncio.run(faulty(scope, self.receive, self.send))
        return self.steps


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(module, "_CONNECTIONS", {CLIENT: world, ("127.0.0.1", 8): None})
    monkeypatch.setattr(module.asyncio, "sleep", world.sleep)
    return world


WHOLE = ["read", "read", "app", 201, b"abc", b"def"]


def test_a_request_passes(world: World) -> None:
    """It is recorded with its status."""
    assert world.request() == WHOLE
    assert world.log.all() == [RequestRecord(1, "GET", PATH, 201)]


@pytest.mark.parametrize(("path", "kind"), [("/_emulator/jobs", "http"), (PATH, "websocket")])
def test_what_is_no_request_to_the_api(world: World, path: str, kind: str) -> None:
    """It is neither recorded nor broken, and no fault is used up by it."""
    world.faults.add(Fault(kind=FaultKind.RESET_BEFORE, path="*"))

    assert world.request(path, kind) == WHOLE
    assert world.log.all() == []
    assert world.faults.take("GET", PATH) is not None


@pytest.mark.parametrize(
    ("fault", "steps", "status"),
    [
        (Fault(kind=FaultKind.RESET_BEFORE), ["cut"], 0),
        (Fault(kind=FaultKind.RESET_AFTER), ["read", "read", "app", "cut"], 0),
        (
            Fault(kind=FaultKind.STATUS, status=503, body="down"),
            ["read", "read", 503, b"down"],
            503,
        ),
        (
            Fault(kind=FaultKind.TRUNCATE, bytes=2),
            ["read", "read", "app", 201, b"ab", "cut"],
            201,
        ),
        (
            Fault(kind=FaultKind.TRUNCATE, bytes=4),
            ["read", "read", "app", 201, b"abc", b"d", "cut"],
            201,
        ),
        (Fault(kind=FaultKind.TRUNCATE, bytes=6), WHOLE, 201),
        (Fault(kind=FaultKind.HANG, seconds=9), ["wait 9", "cut"], 0),
        (Fault(kind=FaultKind.DRIP, seconds=9), ["wait 9", *WHOLE], 201),
    ],
)
def test_a_request_that_a_fault_hits(
    world: World, fault: Fault, steps: list[Any], status: int
) -> None:
    """It breaks where the fault says, and is recorded with the status that was sent, or 0."""
    world.faults.add(fault)

    assert world.request() == steps
    assert world.log.all() == [RequestRecord(1, "GET", PATH, status)]


def test_the_headers_of_a_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are sent with its status."""
    headers: list[Any] = []

    async def send(message: Any) -> None:
        headers.extend(message.get("headers", []))

    monkeypatch.setattr(world, "send", send)
    world.faults.add(Fault(kind=FaultKind.STATUS, status=503, headers={"Retry-After": "7"}))
    world.request()

    assert (b"retry-after", b"7") in headers


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (FaultKind.DAILY_LIMIT, b"TotalRequests Limit exceeded."),
        (FaultKind.CONCURRENT_LIMIT, b"ConcurrentPerOrgLongTxn Limit exceeded."),
    ],
)
def test_a_limit_that_is_exceeded(world: World, kind: FaultKind, message: bytes) -> None:
    """The code of both is the same; the request takes no effect."""
    world.faults.add(Fault(kind=kind))
    body = b'[{"message":"' + message + b'","errorCode":"REQUEST_LIMIT_EXCEEDED"}]'

    assert world.request() == ["read", "read", 403, body]


def test_what_a_client_calls_itself(world: World) -> None:
    """It is recorded, as Salesforce does in its event log."""
    world.headers = [(b"sforce-call-options", b"client=me/1.0")]
    world.request()

    assert world.log.all() == [RequestRecord(1, "GET", PATH, 201, "client=me/1.0")]


def test_an_app_that_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request is recorded all the same."""

    async def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(world, "app", fail)
    with pytest.raises(ZeroDivisionError):
        world.request()

    assert world.log.all() == [RequestRecord(1, "GET", PATH, 0)]


def test_connections_are_known_while_they_are_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the client's address; one that is gone is not broken off."""
    connections: dict[Any, Any] = {}
    monkeypatch.setattr(module, "_CONNECTIONS", connections)
    for name in ("connection_made", "connection_lost"):
        monkeypatch.setattr(module.H11Protocol, name, lambda *_: None)
    protocol: Any = object.__new__(BreakableProtocol)

    class Transport:
        def get_extra_info(self, name: str) -> Any:
            return {"peername": CLIENT}[name]

        def abort(self) -> None:
            world.steps.append("cut")

    protocol.transport = transport = Transport()
    protocol.connection_made(transport)
    known = dict(connections)
    module._cut({"client": CLIENT})
    protocol.connection_lost(None)
    module._cut({"client": CLIENT})

    assert (known, connections, world.steps) == ({CLIENT: transport}, {}, ["cut"])
