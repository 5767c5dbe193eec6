"""Between the socket and the API: records requests, and breaks those that a fault hits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from target_salesforce_bulk.emulator.http.errors import error_answer
from target_salesforce_bulk.emulator.org.faults import Fault, FaultKind
from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from target_salesforce_bulk.emulator.http.request_log import RequestLog
    from target_salesforce_bulk.emulator.org.faults import FaultBox

#: Open connections by the client's address, so that one can be broken off.
_CONNECTIONS: dict[Any, asyncio.Transport] = {}


class BreakableProtocol(H11Protocol):
    """uvicorn's protocol, with its connections within reach."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the connection."""
        super().connection_made(transport)
        _CONNECTIONS[transport.get_extra_info("peername")] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        _CONNECTIONS.pop(self.transport.get_extra_info("peername"), None)
        super().connection_lost(exc)


class FaultyWire:
    """ASGI middleware around the API."""

    def __init__(self, app: ASGIApp, faults: FaultBox, log: RequestLog) -> None:
        self._app = app
        self._faults = faults
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless a fault hits it."""
        if scope["type"] != "http" or not scope["path"].startswith("/services/"):
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        fault = self._faults.take(method, path)
        status = 0

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            if fault is None:
                await self._app(scope, receive, note)
            else:
                await self._break(fault, scope, receive, note)
        finally:
            options = Headers(scope=scope).get("Sforce-Call-Options", "")
            self._log.add(method, path, status, options)

    async def _break(
        self,
        fault: Fault,
        scope: Scope,
        receive: Receive,
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        match fault.kind:
            case FaultKind.RESET_BEFORE:
                _cut(scope)
            case FaultKind.RESET_AFTER:
                await self._app(scope, receive, _swallow)
                _cut(scope)
            case FaultKind.STATUS:
                await _read_all(receive)
                response = Response(fault.body, status_code=fault.status, headers=fault.headers)
                await response(scope, receive, send)
            case FaultKind.DAILY_LIMIT:
                await _read_all(receive)
                await error_answer(RefusalError.daily_limit())(scope, receive, send)
            case FaultKind.CONCURRENT_LIMIT:
                await _read_all(receive)
                await error_answer(RefusalError.concurrent_limit())(scope, receive, send)
            case FaultKind.TRUNCATE:
                await self._app(scope, receive, _Truncating(fault.bytes, scope, send))
            case FaultKind.HANG:
                await asyncio.sleep(fault.seconds)
                _cut(scope)
            case FaultKind.DRIP:
                await asyncio.sleep(fault.seconds)
                await self._app(scope, receive, send)


class _Truncating:
    """Sends the first bytes of a body, then breaks the connection off."""

    def __init__(self, limit: int, scope: Scope, send: Send) -> None:
        self._left = limit
        self._scope = scope
        self._send = send

    async def __call__(self, message: Message) -> None:
        if self._left < 0:
            return  # it is broken off already
        body = message.get("body", b"")
        room, self._left = self._left, self._left - len(body)
        if self._left >= 0:
            await self._send(message)
            return
        await self._send({**message, "body": body[:room], "more_body": True})
        await asyncio.sleep(0)
        _cut(self._scope)


async def _swallow(message: Message) -> None:
    """Send nothing."""


async def _read_all(receive: Receive) -> None:
    """Read a request to its end, as a server does that answers with an error."""
    while (await receive()).get("more_body"):
        pass


def _cut(scope: Scope) -> None:
    connection = _CONNECTIONS.get(tuple(scope["client"]))
    if connection is not None:
        connection.abort()
