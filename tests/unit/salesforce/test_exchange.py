"""Errors of other libraries become `ExchangeError`."""

from __future__ import annotations

import gzip
import inspect
import io
import ssl
import zlib
from http.client import BadStatusLine
from typing import TYPE_CHECKING, Any

import pytest
import requests
import requests.exceptions
import urllib3
import urllib3.exceptions
from wire import URL, Wire, make_client

from target_salesforce_bulk.errors import (
    AnswerLostError,
    ResponseError,
    SalesforceError,
    UnreachableError,
)
from target_salesforce_bulk.salesforce import exchange as module
from target_salesforce_bulk.salesforce.exchange import (
    Exchange,
    ExchangeError,
    Request,
    Trouble,
)
from target_salesforce_bulk.salesforce.ingest import IngestApi
from target_salesforce_bulk.salesforce.job import ResultKind

if TYPE_CHECKING:
    from pathlib import Path

JOB = "750000000000001AAA"


def classes(module: Any) -> list[type[Exception]]:
    """The exceptions of a module; its warnings are not raised."""
    return [
        each
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, Exception) and not issubclass(each, Warning)
    ]


FOREIGN = [
    *sorted({*classes(requests.exceptions), *classes(urllib3.exceptions)}, key=str),
    OSError,
    ConnectionResetError,
    TimeoutError,
    ssl.SSLError,
    ssl.SSLCertVerificationError,
    UnicodeError,
    ValueError,
    EOFError,
    zlib.error,
    BadStatusLine,
]


def made(kind: type[Exception]) -> Exception:
    """An instance, whatever arguments its constructor needs."""
    error = kind.__new__(kind)
    error.args = ("Bearer very-secret",)
    return error


class Breaking(io.BytesIO):
    """A body that breaks off with an error."""

    def __init__(self, error: Exception) -> None:
        super().__init__(b"x")
        self._error = error

    def read(self, *_: Any) -> bytes:
        raise self._error


def request(**facts: Any) -> Request:
    return Request(**{"method": "GET", "url": f"{URL}/x", "repeatable": True} | facts)


def exchange(*replies: Any) -> Exchange:
    return Exchange(timeout_seconds=1, answer_seconds=10, clock=lambda: 0.0, adapter=Wire(*replies))


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
@pytest.mark.parametrize("place", ["sending", "reading"])
def test_every_foreign_error_becomes_one_of_ours(
    kind: type[Exception], place: str, tmp_path: Path
) -> None:
    """In the request, the body or a download; the message shows no token."""
    error = made(kind)
    reply = error if place == "sending" else (200, Breaking(error))
    client, _ = make_client(*[reply] * 9, attempts=2)

    with pytest.raises(SalesforceError) as asked:
        client.get_json("/limits")
    with pytest.raises(SalesforceError) as told:
        client.request("POST", "/jobs/ingest", repeatable=False, expects_json=True)
    with pytest.raises(SalesforceError) as fetched:
        IngestApi(client).download(JOB, ResultKind.FAILED, tmp_path / "failed.csv")

    assert isinstance(told.value, (AnswerLostError, UnreachableError))
    assert place == "sending" or isinstance(told.value, AnswerLostError)
    for caught in (asked, told, fetched):
        assert "very-secret" not in str(caught.value)


def wrapped(reason: Exception) -> Exception:
    pool: Any = None
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, "/", reason))


NO_CONNECTION: Any = None


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (requests.ConnectTimeout(), Trouble.NOT_SENT),
        (requests.exceptions.ProxyError(), Trouble.NOT_SENT),
        (
            wrapped(urllib3.exceptions.NewConnectionError(NO_CONNECTION, "refused")),
            Trouble.NOT_SENT,
        ),
        (requests.ReadTimeout(), Trouble.LOST),
        (requests.ConnectionError(ConnectionResetError(104, "reset")), Trouble.LOST),
        (requests.ConnectionError("NewConnectionError"), Trouble.LOST),
        (
            requests.exceptions.SSLError(
                wrapped(urllib3.exceptions.SSLError(ssl.SSLCertVerificationError()))
            ),
            Trouble.HOPELESS,
        ),
        (requests.exceptions.InvalidHeader(), Trouble.HOPELESS),
    ],
)
def test_what_is_known_of_a_request_without_an_answer(error: Exception, trouble: Trouble) -> None:
    """By the class of the error, never by its text, which may come from outside."""
    with pytest.raises(ExchangeError) as caught:
        exchange(error).send(request())
    assert caught.value.trouble is trouble


def test_an_earlier_error_says_nothing_of_this_request() -> None:
    """A request sent while an error is handled has that error as its context."""
    lost = requests.ConnectionError("reset")
    lost.__context__ = urllib3.exceptions.NewConnectionError(NO_CONNECTION, "refused")

    with pytest.raises(ExchangeError) as caught:
        exchange(lost).send(request())
    assert caught.value.trouble is Trouble.LOST


@pytest.mark.parametrize("url", ["https://" + "a" * 64 + ".com", "https://", "ftp://acme"])
def test_an_address_that_cannot_be_asked_is_hopeless(url: str) -> None:
    """Nothing was sent, and nothing will be."""
    bare = Exchange(timeout_seconds=1, answer_seconds=10, clock=lambda: 0.0)
    with pytest.raises(ExchangeError) as caught:
        bare.send(request(url=url))
    assert caught.value.trouble is Trouble.HOPELESS


def test_a_missing_ca_bundle_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request is sent without one."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    with pytest.raises(ExchangeError, match=r"/no/such/bundle\.pem") as caught:
        exchange((200, {})).send(request())
    assert caught.value.trouble is Trouble.HOPELESS


def test_netrc_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its default entry would replace the token, and send the host a password."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password very-secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    client, wire = make_client((200, {}))

    client.check_access()
    exchange_wire = Wire((200, {}))
    Exchange(timeout_seconds=1, answer_seconds=1, clock=lambda: 0.0, adapter=exchange_wire).send(
        request()
    )

    assert wire.requests[0].headers["Authorization"] == "Bearer token"
    assert "Authorization" not in exchange_wire.requests[0].headers


def test_proxies_still_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only netrc is left out."""
    seen = {}

    class Watching(Wire):
        def send(self, request: Any, *args: Any, **settings: Any) -> requests.Response:
            seen.update(settings["proxies"])
            return super().send(request)

    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    Exchange(
        timeout_seconds=1, answer_seconds=1, clock=lambda: 0.0, adapter=Watching((200, {}))
    ).send(request())

    assert seen["https"] == "http://proxy.example:3128"


def compressed(body: bytes) -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(
        io.BytesIO(body), headers={"Content-Encoding": "gzip"}, preload_content=False
    )


def test_an_answer_has_a_limit_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted after decompression, as a small response may unpack to a large one."""
    monkeypatch.setattr(module, "MOST_ANSWER_BYTES", 100_000)
    bomb = gzip.compress(b"0" * 1_000_000)
    client, wire = make_client((200, compressed(bomb)))

    with pytest.raises(ResponseError, match="larger than 100,000 bytes"):
        client.get_json("/limits")
    assert len(wire.requests) == 1


def test_an_answer_that_is_compressed_twice_is_not_unpacked() -> None:
    """Each layer may multiply the size by a thousand."""
    with pytest.raises(ExchangeError) as caught:
        exchange((200, b"", {"Content-Encoding": "gzip, gzip"})).send(request())
    assert caught.value.trouble is Trouble.UNDECODABLE


def test_a_body_shorter_than_announced_is_lost() -> None:
    """`requests` accepts it."""
    with pytest.raises(ExchangeError, match="2 of 10 bytes") as caught:
        exchange((200, b"{}", {"Content-Length": "10"})).send(request())
    assert caught.value.trouble is Trouble.LOST
