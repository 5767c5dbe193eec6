"""How much of a request is read."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Any

import pytest
from starlette.requests import Request

from target_salesforce_bulk.emulator.http import bodies, ingest
from target_salesforce_bulk.emulator.http.bodies import chunks_of
from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.org import Org

PARTS = [b"abc", b"def", b"ghi"]
V = "/services/data/v67.0"


class Sender:
    """A client that sends some parts, and counts how many were read."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = list(parts)
        self.read = 0

    async def receive(self) -> dict[str, Any]:
        self.read += 1
        more = self.read < len(self._parts)
        return {"type": "http.request", "body": self._parts[self.read - 1], "more_body": more}

    def request(self, **headers: str) -> Request:
        named = [(name.replace("_", "-").encode(), v.encode()) for name, v in headers.items()]
        return Request({"type": "http", "method": "PUT", "headers": named}, self.receive)


def read(request: Request, most: int) -> list[bytes]:
    async def run() -> list[bytes]:
        return [chunk async for chunk in chunks_of(request, most) if chunk]

    return asyncio.run(run())


def test_a_body_at_the_limit() -> None:
    """It is read, part by part."""
    assert read(Sender(*PARTS).request(), 9) == PARTS


@pytest.mark.parametrize(
    ("headers", "parts_read"), [({"content_length": "9"}, 0), ({}, 3), ({"content_length": "1"}, 3)]
)
def test_a_body_over_the_limit(headers: dict[str, str], parts_read: int) -> None:
    """It is refused unread if it declares its size, otherwise at the part that exceeds it."""
    sender = Sender(*PARTS, b"never read")
    with pytest.raises(RefusalError) as caught:
        read(sender.request(**headers), 8)

    assert (caught.value.code, sender.read) == ("EXCEEDED_MAX_SIZE_REQUEST", parts_read)


@pytest.mark.parametrize(
    "path", ["/_emulator/settings", "/_emulator/faults", "/_emulator/rows/Contact"]
)
@pytest.mark.parametrize(
    ("body", "answer"),
    [(b"{", "The body is not JSON"), (b"[" * 50_000, "The body is not JSON"), (b"1", None)],
    ids=["broken", "deep", "number"],
)
def test_control_refuses_what_it_cannot_read(
    call: Callable[..., Any], path: str, body: bytes, answer: str | None
) -> None:
    """With one object that says why."""
    found = call("POST", path, body=body)

    assert found.status == 400
    assert answer is None or found.json == {"error": answer}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/_emulator/rows/Nope", b"[{}]"),
        ("/_emulator/rows/Contact", b"[1]"),
        ("/_emulator/faults", b'{"kind": "nope"}'),
        ("/_emulator/faults", b'{"kind": "hang", "nope": 1}'),
    ],
)
def test_control_refuses_what_it_does_not_know(
    call: Callable[..., Any], path: str, body: bytes
) -> None:
    """Instead of an error of the server."""
    assert call("POST", path, body=body).status == 400


def test_json_and_forms_are_bounded(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everywhere that a body is read into memory."""
    monkeypatch.setattr(bodies, "_MOST_BYTES", 8)
    form = {"content_type": "application/x-www-form-urlencoded"}
    answers = [
        call("POST", f"{V}/jobs/ingest", body=b'{"object": "Contact"}'),
        call("POST", "/services/oauth2/token", body=b"grant_type=password", **form),
        call("POST", "/services/oauth2/revoke", body=b"token=aaaaaaaaa", **form),
        call("POST", "/_emulator/settings", body=b'{"rows_per_second": 5}'),
    ]

    assert [answer.status for answer in answers] == [413] * 4


def test_what_an_upload_unpacks_to_is_bounded(
    org: Org, call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small file may stand for a large one; nothing of it is kept."""
    monkeypatch.setattr(ingest, "_MOST_BYTES", 1000)
    job = call(
        "POST", f"{V}/jobs/ingest", body=b'{"object": "Contact", "operation": "insert"}'
    ).json["id"]
    packed = {"content_type": "text/csv", "content_encoding": "gzip"}
    answers = [
        call("PUT", f"{V}/jobs/ingest/{job}/batches", body=gzip.compress(b"x" * size), **packed)
        for size in (1001, 1000)
    ]

    assert [answer.status for answer in answers] == [413, 201]
    assert [path.suffix for path in org.jobs.find(job).folder.iterdir()] == [".csv"]
