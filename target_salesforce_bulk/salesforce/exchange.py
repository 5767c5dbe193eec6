"""One request and its response; errors of `requests` and the libraries below it end here.

Every failure becomes an `ExchangeError`, which says what is known about the request. Messages of
other libraries are not passed on: some repeat the value of a header, and with it the token.
"""

from __future__ import annotations

import http.client
import ssl
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import requests
import urllib3.exceptions

from target_salesforce_bulk.salesforce.answer import Answer
from target_salesforce_bulk.salesforce.deadline import (
    AnswerTooSlowError,
    Deadline,
    DeadlineAdapter,
    current_deadline,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

#: Names this program in the org's event log files.
#: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0_headers_intro.htm
_CALL_OPTIONS = f"client=target-salesforce-bulk/{version('target-salesforce-bulk')}"

#: A page of 2,000 records with long texts takes a tenth of this.
MOST_ANSWER_BYTES = 64 << 20
#: A download that stays slower than this counts as stalled.
SLOWEST_BYTES_PER_SECOND = 8 << 10
_CHUNK_BYTES = 1 << 16

#: What `requests` and the libraries below it may raise.
_FOREIGN = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    EOFError,
    ValueError,
    zlib.error,
)
_NO_CONNECTION = (
    requests.ConnectTimeout,
    requests.exceptions.ProxyError,
    urllib3.exceptions.ProxyError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NewConnectionError,
)
_NO_REQUEST = (
    requests.exceptions.URLRequired,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.InvalidHeader,
    requests.exceptions.UnrewindableBodyError,
    urllib3.exceptions.LocationValueError,
    urllib3.exceptions.URLSchemeUnknown,
    urllib3.exceptions.ProxySchemeUnknown,
    urllib3.exceptions.UnrewindableBodyError,
    ssl.SSLCertVerificationError,
)
_UNDECODABLE = (
    requests.exceptions.ContentDecodingError,
    urllib3.exceptions.DecodeError,
    zlib.error,
)


class Trouble(Enum):
    """What is known about a request that got no usable response."""

    NOT_SENT = auto()  #: Salesforce never saw it; another attempt may succeed
    HOPELESS = auto()  #: Salesforce never saw it, and never will
    LOST = auto()  #: it may have taken effect
    UNDECODABLE = auto()  #: the response is not encoded as its Content-Encoding says
    TOO_LARGE = auto()  #: the response is larger than allowed
    UNUSABLE = auto()  #: the response cannot be the requested document


class ExchangeError(Exception):
    """A request got no usable response."""

    def __init__(self, trouble: Trouble, reason: str) -> None:
        super().__init__(reason)
        self.trouble = trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request to send."""

    method: str
    #: Absolute.
    url: str
    #: Whether it may take effect twice.
    repeatable: bool
    #: Makes a new body for each attempt.
    body: Callable[[], Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict)
    #: Whether a response must be JSON.
    expects_json: bool = False

    @property
    def path(self) -> str:
        """The path, without host and parameters, for messages."""
        return "/" + "/".join(self.url.split("/")[3:]).partition("?")[0]

    @property
    def host(self) -> str:
        """The host with its scheme, for messages."""
        return "/".join(self.url.split("/")[:3])


class Sink(Protocol):
    """Receives the body of a download."""

    def restart(self) -> None:
        """Discard what has been received."""

    def write(self, chunk: bytes) -> None:
        """Receive bytes."""

    def finish(self) -> None:
        """Called after the last byte."""


class Exchange:
    """Sends single requests; not thread-safe.

    Proxies and CA bundles come from the environment, credentials never do.

    Args:
        timeout_seconds: Maximum wait for a connection, and between two bytes of a response.
        answer_seconds: Maximum wait for a whole response.
        clock: A monotonic clock, in seconds.
        adapter: Sends the requests, for tests without a network.
    """

    def __init__(
        self,
        *,
        timeout_seconds: float,
        answer_seconds: float,
        clock: Callable[[], float],
        adapter: requests.adapters.BaseAdapter | None = None,
    ) -> None:
        self._timeout = timeout_seconds
        self._answer_seconds = max(answer_seconds, timeout_seconds)
        self._clock = clock
        self._session = requests.Session()
        self._session.auth = _no_credentials
        self._session.headers["Sforce-Call-Options"] = _CALL_OPTIONS
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, adapter or DeadlineAdapter())

    def send(self, request: Request) -> Answer:
        """Send a request and read its response.

        Raises:
            ExchangeError: no usable response arrived.
        """
        with self._response(request, self._deadline()) as response:
            return _answer(response, b"".join(_limited(self._chunks(response))))

    def download(self, request: Request, sink: Sink) -> Answer:
        """Write the body of a response to a sink as it arrives; that of an error is returned.

        A stalled download differs from a slow line by its rate; see `SLOWEST_BYTES_PER_SECOND`.

        Raises:
            ExchangeError: no usable response arrived.
        """
        deadline = self._deadline(bytes_per_second=SLOWEST_BYTES_PER_SECOND)
        with self._response(request, deadline) as response:
            chunks = self._chunks(response)
            if response.status_code >= 300:
                return _answer(response, b"".join(_limited(chunks)))
            sink.restart()
            for chunk in chunks:
                sink.write(chunk)
            sink.finish()
            return _answer(response, b"")

    def _deadline(self, *, bytes_per_second: float | None = None) -> Deadline:
        return Deadline(self._answer_seconds, bytes_per_second=bytes_per_second, clock=self._clock)

    @contextmanager
    def _response(self, request: Request, deadline: Deadline) -> Iterator[requests.Response]:
        prepared, settings = self._prepared(request)
        token = current_deadline.set(deadline)
        try:
            response = self._session.send(
                prepared, timeout=self._timeout, allow_redirects=False, **settings
            )
        except _FOREIGN as error:
            raise _translated(error) from None
        finally:
            current_deadline.reset(token)
        with response:
            yield response

    def _prepared(self, request: Request) -> tuple[requests.PreparedRequest, dict[str, Any]]:
        """The request as it will be sent, with proxies and CA bundle."""
        plain = requests.Request(
            request.method,
            request.url,
            headers=dict(request.headers),
            data=request.body() if request.body else None,
            params=dict(request.params),
        )
        try:
            prepared = self._session.prepare_request(plain)
            settings = dict(
                self._session.merge_environment_settings(prepared.url, {}, True, None, None)
            )
        except _FOREIGN as error:
            raise ExchangeError(Trouble.HOPELESS, type(error).__name__) from None
        bundle = settings.get("verify")
        if isinstance(bundle, str) and not Path(bundle).exists():
            raise ExchangeError(Trouble.HOPELESS, f"the CA bundle {bundle} does not exist")
        return prepared, settings

    def _chunks(self, response: requests.Response) -> Iterator[bytes]:
        """The decompressed body; only errors of the network are caught here."""
        if "," in response.headers.get("Content-Encoding", ""):
            raise ExchangeError(Trouble.UNDECODABLE, "it is compressed more than once")
        chunks = response.iter_content(_CHUNK_BYTES)
        while True:
            try:
                chunk = next(chunks, None)
                if chunk is None:
                    _check_length(response)
                    return
            except _FOREIGN as error:
                raise _translated(error, answered=True) from None
            yield chunk


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep `requests` from reading ~/.netrc, which it does if no auth is set."""
    return request


def _answer(response: requests.Response, body: bytes) -> Answer:
    return Answer(status=response.status_code, headers=response.headers, body=body)


def _limited(chunks: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MOST_ANSWER_BYTES:
            raise ExchangeError(Trouble.TOO_LARGE, f"it is larger than {MOST_ANSWER_BYTES:,} bytes")
        yield chunk


def _check_length(response: requests.Response) -> None:
    """Refuse a body shorter than announced, which `requests` accepts.

    Both lengths are those on the wire, before decompression.
    """
    announced = response.headers.get("Content-Length", "")
    received = response.raw.tell()
    if announced.isascii() and announced.isdigit() and received < int(announced[:18]):
        raise ExchangeError(Trouble.LOST, f"{received} of {announced} bytes arrived")


def _translated(error: BaseException, *, answered: bool = False) -> ExchangeError:
    """What an error says about the request; if in doubt, the request counts as sent.

    Args:
        error: The error.
        answered: Whether the headers of a response had arrived.
    """
    chain = list(_causes(error))
    if any(isinstance(each, _UNDECODABLE) for each in chain):
        return ExchangeError(Trouble.UNDECODABLE, "it is not encoded as its Content-Encoding says")
    trouble = Trouble.LOST
    if not answered and any(isinstance(each, _NO_REQUEST) for each in chain):
        trouble = Trouble.HOPELESS
    elif not answered and any(isinstance(each, _NO_CONNECTION) for each in chain):
        trouble = Trouble.NOT_SENT
    return ExchangeError(trouble, _reason(chain))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it wraps, outermost first."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            # Not __context__: that would lead to an error that the caller is handling.
            waiting += [*each.args, getattr(each, "reason", None), each.__cause__]


def _reason(chain: list[BaseException]) -> str:
    """The error in a few words, none of them from the request."""
    name = type(chain[0]).__name__
    for each in chain:
        if isinstance(each, AnswerTooSlowError):
            return str(each)
        if isinstance(each, ssl.SSLError):
            # Text of the TLS library: about the certificate, or a short name.
            text = getattr(each, "verify_message", None) or getattr(each, "reason", None)
            return f"{name}, {text or 'TLS failed'}"
        if isinstance(each, OSError) and each.strerror:
            return f"{name}, {each.strerror}"
    inner = type(chain[-1]).__name__
    return name if inner == name else f"{name}, {inner}"
