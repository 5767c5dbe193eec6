"""One request on the wire: sent, timed, and sent again where that is safe.

What may be sent again depends on two things: whether the request can have taken effect, and whether
taking effect twice would matter.

* A 429, a refused connection or a failed name lookup means that Salesforce did nothing: any request
  is sent again.
* A 5xx, a broken connection or a timeout may mean that it did: only a request that may take effect
  twice is sent again. For another one the caller gets an ``AnswerLostError`` and settles it by
  asking.
"""

from __future__ import annotations

import email.utils
import logging
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import backoff
import requests

from target_salesforce_bulk.errors import AnswerLostError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

logger = logging.getLogger(__name__)

#: 420 and 429 come from Salesforce's edge, which passes nothing on.
_REFUSED_UNREAD = frozenset({420, 429})
_SERVER_FAULTS = frozenset({500, 502, 503, 504})

_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """How patiently a request is repeated; whichever bound is reached first ends it."""

    attempts: int = 6
    max_seconds: float = 300.0


class _AgainError(Exception):
    """The attempt failed in a way that another one may cure."""

    def __init__(
        self,
        reason: str,
        *,
        response: requests.Response | None = None,
        wait_seconds: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.response = response
        self.wait_seconds = wait_seconds


class Transport:
    """Sends requests with retries; one for each thread.

    Args:
        policy: How patiently.
        timeout_seconds: Longest wait for a connection, and between two bytes of an answer.
        sleep: Waits so many seconds.
        on_sent: Told of every attempt.
        adapter: What requests are sent through, for tests without a network.
    """

    def __init__(
        self,
        *,
        policy: RetryPolicy,
        timeout_seconds: float,
        sleep: Callable[[float], None],
        on_sent: Callable[[], None],
        adapter: requests.adapters.BaseAdapter | None = None,
    ) -> None:
        self._policy = policy
        self._timeout = timeout_seconds
        self._sleep = sleep
        self._on_sent = on_sent
        self._session = requests.Session()
        if adapter is not None:
            self._session.mount("https://", adapter)
            self._session.mount("http://", adapter)

    def send(
        self,
        method: str,
        url: str,
        *,
        repeatable: bool,
        body: Callable[[], Any] | None = None,
        **options: Any,
    ) -> requests.Response:
        """Send a request until it is answered.

        Args:
            method: HTTP method.
            url: Absolute address.
            repeatable: Whether the request may take effect twice.
            body: Makes the body anew for each attempt.
            options: As `requests` takes them.

        Returns:
            The answer: any but those that another attempt could cure, until the attempts are used
            up; then also those.

        Raises:
            UnreachableError: no connection, or no answer to a repeatable request.
            AnswerLostError: the request may have taken effect, and must not be repeated.
        """
        retrying = backoff.retry_context(
            _AgainError,
            lambda: self._waits(method, url),
            max_tries=self._policy.attempts,
            max_time=self._policy.max_seconds,
            jitter=None,
            logger=None,
        )
        response: requests.Response | None = None
        try:
            for attempt in retrying:
                with attempt:
                    response = self._attempt(method, url, body, options, repeatable=repeatable)
        except _AgainError as error:
            if error.response is None:
                raise UnreachableError(
                    f"No answer from {_host(url)}: {error}. Check the address and the network "
                    "(proxies are taken from HTTPS_PROXY)."
                ) from error
            return error.response
        if response is None:
            raise AssertionError("A retry loop ends with an answer or an error.")
        return response

    def _waits(self, method: str, url: str) -> Generator[float, Exception | None]:
        """Waits between attempts: exponential, with full jitter, and what Salesforce asks for.

        The waiting is done here, as backoff's own cannot be interrupted; backoff is told to wait
        no longer.
        """
        started = time.monotonic()
        error = yield 0.0
        longest = _FIRST_WAIT_SECONDS
        while True:
            seconds = random.uniform(0, longest)  # noqa: S311 - not for secrets
            seconds = max(seconds, getattr(error, "wait_seconds", None) or 0.0)
            left = self._policy.max_seconds - (time.monotonic() - started)
            seconds = min(seconds, max(left, 0.0))
            logger.warning("%s %s: %s; tried again in %.1f s", method, _path(url), error, seconds)
            self._sleep(seconds)
            longest = min(2 * longest, _LONGEST_WAIT_SECONDS)
            error = yield 0.0

    def _attempt(
        self,
        method: str,
        url: str,
        body: Callable[[], Any] | None,
        options: dict[str, Any],
        *,
        repeatable: bool,
    ) -> requests.Response:
        started = time.monotonic()
        self._on_sent()
        try:
            response = self._session.request(
                method,
                url,
                data=body() if body else None,
                timeout=self._timeout,
                allow_redirects=False,
                **options,
            )
        except (requests.ConnectionError, requests.Timeout) as error:
            if repeatable or _never_sent(error):
                raise _AgainError(_reason(error)) from error
            raise AnswerLostError(
                f"The answer to {method} {_path(url)} was lost: {_reason(error)}."
            ) from error
        except requests.RequestException as error:
            raise _AgainError(_reason(error)) from error
        logger.debug(
            "%s %s: %s in %.0f ms",
            method,
            _path(url),
            response.status_code,
            1000 * (time.monotonic() - started),
        )
        self._judge(method, url, response, repeatable=repeatable)
        return response

    def _judge(
        self, method: str, url: str, response: requests.Response, *, repeatable: bool
    ) -> None:
        status = response.status_code
        if status in _REFUSED_UNREAD or (status == 403 and _too_many_at_once(response)):
            raise _AgainError(
                f"HTTP {status}", response=response, wait_seconds=_retry_after(response)
            )
        if status in _SERVER_FAULTS:
            if repeatable:
                raise _AgainError(
                    f"HTTP {status}", response=response, wait_seconds=_retry_after(response)
                )
            raise AnswerLostError(
                f"{method} {_path(url)} was answered with HTTP {status}, which leaves open whether "
                "it took effect."
            )


def _never_sent(error: requests.RequestException) -> bool:
    """Whether the request cannot have reached Salesforce."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    text = str(error)
    return "NewConnectionError" in text or "NameResolutionError" in text


def _reason(error: BaseException) -> str:
    """The innermost cause in a few words; the whole text would repeat the address."""
    inner: Any = error
    while inner.args and isinstance(inner.args[-1], BaseException):
        inner = inner.args[-1]
    inner = getattr(inner, "reason", None) or inner
    text = str(inner).rpartition(": ")[2] or type(inner).__name__
    return f"{type(error).__name__}, {text}"[:200]


def _retry_after(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    if value.isdigit():
        return float(value)
    parsed = email.utils.parsedate_tz(value) if value else None
    if parsed is None:
        return None
    return max(0.0, email.utils.mktime_tz(parsed) - time.time())


def _too_many_at_once(response: requests.Response) -> bool:
    """Whether too many long requests run at once, which passes; the day's allowance does not."""
    return "ConcurrentRequests" in response.text


def _host(url: str) -> str:
    return "/".join(url.split("/")[:3])


def _path(url: str) -> str:
    return "/" + "/".join(url.split("/")[3:]).partition("?")[0]
