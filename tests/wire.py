"""Responses without a network: an adapter for `requests` that returns them from a list."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import BaseAdapter

from target_salesforce_bulk.login.access_token import AccessToken
from target_salesforce_bulk.salesforce.client import Client, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://acme.my.salesforce.com"

#: Status, body and headers; an exception to raise; or what makes one of these when it is due.
Reply = Any


class Wire(BaseAdapter):
    """Returns responses from a list, and keeps the requests."""

    def __init__(self, *replies: Reply) -> None:
        super().__init__()
        self.replies = list(replies)
        self.requests: list[requests.PreparedRequest] = []
        #: The bodies as they were sent.
        self.bodies: list[bytes] = []

    def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
        """Return the next response."""
        self.requests.append(request)
        self.bodies.append(_sent(request.body))
        reply = self.replies.pop(0)
        if callable(reply) and not isinstance(reply, type):
            reply = reply()
        if isinstance(reply, BaseException):
            raise reply
        status, body, headers = (*reply, {})[:3]
        response = requests.Response()
        response.status_code = status
        response.headers.update(headers)
        response.raw = body if hasattr(body, "read") else io.BytesIO(_encoded(body))
        response.request = request
        response.url = request.url
        return response

    def close(self) -> None:
        """Nothing is open."""


def _sent(body: Any) -> bytes:
    if hasattr(body, "read"):
        return bytes(body.read())
    return body.encode() if isinstance(body, str) else body or b""


def _encoded(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def make_client(
    *replies: Reply,
    authenticator: Any = None,
    sleep: Callable[[float], None] = lambda _: None,
    clock: Callable[[], float] | None = None,
    **policy: Any,
) -> tuple[Client, Wire]:
    """A client with given responses that does not really wait."""
    wire = Wire(*replies)
    client = Client(
        authenticator or AccessToken("token", URL),
        api_version="67.0",
        policy=RetryPolicy(**policy),
        timeout_seconds=1,
        sleep=sleep,
        adapter=lambda: wire,
        **({} if clock is None else {"clock": clock}),
    )
    return client, wire
