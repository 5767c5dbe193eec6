"""No receiver does harm."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from target_salesforce_bulk.reporting.exports.receivers import (
    GuardedSession,
    OneWarning,
    explain,
)


class Endless(io.RawIOBase):
    """A body that never ends."""

    def __init__(self) -> None:
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.bytes_read += len(buffer)
        return len(buffer)


class Receiver(BaseAdapter):
    """Answers with a status and a body without end."""

    def __init__(self, status: int, **headers: str) -> None:
        super().__init__()
        self.body = Endless()
        self._status = status
        self._headers = headers

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = self._status
        response.headers.update(self._headers)
        response.request = request
        response.url = request.url or ""
        response.raw = HTTPResponse(self.body, preload_content=False)
        return response

    def close(self) -> None:
        pass


def post(receiver: Receiver) -> requests.Response:
    with GuardedSession() as session:
        session.mount("http://", receiver)
        return session.post("http://receiver.invalid/", data=b"x")


def test_a_body_is_not_read() -> None:
    """However long it is."""
    receiver = Receiver(200)

    assert post(receiver).status_code == 200
    assert receiver.body.bytes_read == 0


def test_a_redirect_is_not_followed() -> None:
    """Nor is its body read."""
    receiver = Receiver(307, Location="http://elsewhere.invalid/")

    with pytest.raises(requests.TooManyRedirects, match="set its final address"):
        post(receiver)
    assert receiver.body.bytes_read == 0


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError(), "ValueError"),
        (OSError("gone."), "gone"),
        (OSError("no http://u:pw@host/x?key=1 here"), "no http://***@host/x?*** here"),
        (OSError("a\nb"), "a\\nb"),
    ],
)
def test_an_error_in_one_line(error: Exception, text: str) -> None:
    """Without a password, a query or a line break."""
    assert explain(error) == text


def test_a_library_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    """What it says at other levels is dropped, and what comes later is for debugging."""
    OneWarning("Receiver").replace_log_of("a_library")
    library = logging.getLogger("a_library.part")
    with caplog.at_level(logging.DEBUG, "target_salesforce_bulk"):
        library.info("sending")
        library.error("down: %s", "\x1b[2J")
        library.error("still down")

    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "Receiver: down: \\x1b[2J. The load is not affected."),
        ("DEBUG", "Receiver: still down. The load is not affected."),
    ]
