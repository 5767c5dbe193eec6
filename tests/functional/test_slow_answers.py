"""Answers that come byte by byte over a real connection."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.errors import AnswerLostError, UnreachableError
from target_salesforce_bulk.login.access_token import AccessToken
from target_salesforce_bulk.salesforce import exchange
from target_salesforce_bulk.salesforce.client import Client, RetryPolicy
from target_salesforce_bulk.salesforce.ingest import IngestApi
from target_salesforce_bulk.salesforce.job import Operation, ResultKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOB = "750000000000001AAA"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n"
BODY = b'{"a": 1}' + b" " * 52


@contextmanager
def server(at_once: bytes, slowly: bytes, *, each: int = 1) -> Iterator[str]:
    """Answers every request with some bytes at once and the others in small pieces.

    The whole answer takes a few seconds, so a client without a limit gets it and goes on.
    """
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer(connection: socket.socket) -> None:
            with connection:
                connection.recv(65_536)
                connection.sendall(at_once)
                for start in range(0, len(slowly), each):
                    if ended.wait(0.05):
                        return
                    connection.sendall(slowly[start : start + each])

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = listener.accept()
                    answer(connection)
                except OSError:
                    continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ended.set()
            socket.create_connection(listener.getsockname()).close()  # wakes accept()
            thread.join()


def client(url: str) -> Client:
    return Client(
        AccessToken("token", url),
        api_version="67.0",
        policy=RetryPolicy(attempts=1, max_seconds=0.5),
        timeout_seconds=0.4,
    )


@pytest.mark.parametrize(
    ("at_once", "slowly"), [(b"", HEAD + BODY), (HEAD, BODY)], ids=["headers", "body"]
)
def test_an_answer_that_drips_is_given_up(at_once: bytes, slowly: bytes) -> None:
    """No single read is slow enough for the timeout of the connection."""
    with (
        server(at_once, slowly) as url,
        pytest.raises(UnreachableError, match="not complete after"),
    ):
        client(url).get_json("/limits")


def test_a_create_whose_answer_drips_may_have_taken_effect() -> None:
    """It is not repeated."""
    with server(HEAD, BODY) as url, pytest.raises(AnswerLostError, match="not complete after"):
        IngestApi(client(url)).create("Contact", Operation.INSERT)


def csv_answer(rows: int) -> tuple[bytes, bytes]:
    body = b'"sf__Id"\n' * rows
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n"
    return head % len(body), body


def test_a_download_that_drips_is_given_up(tmp_path: Path) -> None:
    """What little has come earns no time."""
    path = tmp_path / "failed.csv"
    with (
        server(*csv_answer(6)) as url,
        pytest.raises(UnreachableError, match="not complete after"),
    ):
        IngestApi(client(url)).download(JOB, ResultKind.FAILED, path)
    assert not path.exists()


def test_a_slow_but_steady_download_is_not_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes longer than any answer may that brings nothing."""
    monkeypatch.setattr(exchange, "SLOWEST_BYTES_PER_SECOND", 500)
    path = tmp_path / "failed.csv"
    head, body = csv_answer(200)
    with server(head, body, each=90) as url:
        IngestApi(client(url)).download(JOB, ResultKind.FAILED, path)
    assert path.read_bytes() == body
