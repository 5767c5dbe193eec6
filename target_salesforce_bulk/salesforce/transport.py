"""Requests that are sent again where that is safe.

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
import time
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

import backoff

from target_salesforce_bulk.errors import (
    AnswerLostError,
    ResponseError,
    SalesforceError,
    UnreachableError,
)
from target_salesforce_bulk.salesforce.exchange import (
    Exchange,
    ExchangeError,
    Request,
    Sink,
    Trouble,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import requests

    from target_salesforce_bulk.salesforce.answer import Answer

logger = logging.getLogger(__name__)

#: 420 and 429 come from Salesforce's edge, which passes nothing on.
_REFUSED_UNREAD = frozenset({420, 429})
_REQUEST_TIMEOUT = 408

_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """How patiently a request is repeated; whichever bound is reached first ends it."""

    attempts: int = 6
    #: Also the longest that one answer may take, unless one attempt's timeout is longer.
    max_seconds: float = 300.0


class _AgainError(Exception):
    """The attempt failed in a way that another one may cure.

    Args:
        reason: For the log.
        outcome: What the caller gets if there is no other attempt.
        wait_seconds: What Salesforce asks for.
    """

    def __init__(
        self, reason: str, outcome: Answer | SalesforceError, wait_seconds: float = 0.0
    ) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.wait_seconds = wait_seconds


class Transport:
    """Sends requests with retries; one for each thread.

    Args:
        policy: How patiently.
        timeout_seconds: Longest wait for a connection, and between two bytes of an answer.
        sleep: Waits so many seconds.
        on_sent: Told of every attempt.
        adapter: What requests are sent through, for tests without a network.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        *,
        policy: RetryPolicy,
        timeout_seconds: float,
        sleep: Callable[[float], None],
        on_sent: Callable[[], None],
        adapter: requests.adapters.BaseAdapter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy
        self._sleep = sleep
        self._on_sent = on_sent
        self._clock = clock
        self._exchange = Exchange(
            timeout_seconds=timeout_seconds,
            answer_seconds=policy.max_seconds,
            clock=clock,
            adapter=adapter,
        )

    def send(self, request: Request) -> Answer:
        """Send a request until it is answered.

        Returns:
            The answer: any but those that another attempt could cure, until the attempts are used
            up; then also those.

        Raises:
            UnreachableError: no connection, or no answer to a repeatable request.
            ResponseError: the answer to a repeatable request cannot be understood.
            AnswerLostError: the request may have taken effect and must not be repeated.
        """

        def attempt() -> Answer:
            return self._judged(request, self._exchange.send(request))

        return self._until_answered(request, attempt, self._policy.max_seconds)

    def download(self, request: Request, sink: Sink) -> Answer:
        """Send a repeatable request until the body of its answer is in the sink.

        A body that takes long is no reason to give up, so only the attempts are bounded here, and
        each of them by its rate.

        Raises:
            UnreachableError: the body was cut short again and again.
            ResponseError: the body cannot be what was asked for.
        """
        encoding = "gzip"

        def attempt() -> Answer:
            nonlocal encoding
            headers = {**request.headers, "Accept-Encoding": encoding}
            try:
                answer = self._exchange.download(replace(request, headers=headers), sink)
            except ExchangeError as error:
                if error.trouble is Trouble.UNDECODABLE:
                    encoding = "identity"
                raise
            return self._judged(request, answer)

        return self._until_answered(request, attempt, float("inf"))

    def _until_answered(
        self, request: Request, attempt: Callable[[], Answer], max_seconds: float
    ) -> Answer:
        started = self._clock()
        waits = _waits()
        for number in count(1):
            self._on_sent()
            try:
                return self._timed(request, attempt)
            except _AgainError as again:
                left = max_seconds - (self._clock() - started)
                if number >= self._policy.attempts or left <= 0:
                    return _last_word(again)
                seconds = min(max(next(waits), again.wait_seconds), left)
                logger.warning(
                    "%s %s: %s; tried again in %.1f s",
                    request.method,
                    request.path,
                    again,
                    seconds,
                )
            self._sleep(seconds)
        raise AssertionError("The loop ends with an answer or an error.")

    def _timed(self, request: Request, attempt: Callable[[], Answer]) -> Answer:
        started = self._clock()
        try:
            answer = attempt()
        except ExchangeError as error:
            raise _outcome(request, error) from error
        logger.debug(
            "%s %s: %s in %.0f ms",
            request.method,
            request.path,
            answer.status,
            1000 * (self._clock() - started),
        )
        return answer

    def _judged(self, request: Request, answer: Answer) -> Answer:
        """The answer, unless another one is needed.

        Raises:
            _AgainError: another attempt may bring a better one.
            AnswerLostError: it does not tell whether the request took effect.
        """
        status, wait = answer.status, _retry_after(answer)
        if status in _REFUSED_UNREAD or (status == 403 and _too_many_at_once(answer)):
            raise _AgainError(f"HTTP {status}", answer, wait)
        if status >= 500 or status == _REQUEST_TIMEOUT:
            if request.repeatable:
                raise _AgainError(f"HTTP {status}", answer, wait)
            raise AnswerLostError(
                f"{request.method} {request.path} was answered with HTTP {status}, which leaves "
                "open whether it took effect."
            )
        if status < 300 and request.expects_json:
            _check_json(request, answer)
        return answer


def _outcome(request: Request, error: ExchangeError) -> Exception:
    """What follows from an exchange that failed."""
    unreachable = UnreachableError(
        f"No answer from {request.host}: {error}. Check the address and the network (proxies are "
        "taken from HTTPS_PROXY, certificates from REQUESTS_CA_BUNDLE)."
    )
    unusable = ResponseError(
        f"The answer to {request.method} {request.path} cannot be read: {error}."
    )
    if error.trouble is Trouble.HOPELESS:
        return unreachable
    if error.trouble is Trouble.NOT_SENT:
        return _AgainError(str(error), unreachable)
    if not request.repeatable:
        return AnswerLostError(f"The answer to {request.method} {request.path} was lost: {error}.")
    if error.trouble is Trouble.TOO_LARGE:
        return unusable
    return _AgainError(str(error), unreachable if error.trouble is Trouble.LOST else unusable)


def _last_word(again: _AgainError) -> Answer:
    if isinstance(again.outcome, SalesforceError):
        raise again.outcome from again
    return again.outcome


def _check_json(request: Request, answer: Answer) -> None:
    try:
        _ = answer.json
    except ResponseError as error:
        if request.repeatable:
            raise _AgainError("the answer is not JSON", error) from error
        raise AnswerLostError(
            f"{request.method} {request.path} was answered with HTTP {answer.status}, but not with "
            "JSON, so whether it took effect is open."
        ) from error


def _waits() -> Generator[float]:
    """Seconds between attempts: they grow, with full jitter, so that clients spread out."""
    longest = backoff.expo(factor=_FIRST_WAIT_SECONDS, max_value=_LONGEST_WAIT_SECONDS)
    next(longest)  # the first value is for whoever calls send()
    while True:
        yield backoff.full_jitter(next(longest))


def _retry_after(answer: Answer) -> float:
    value = answer.headers.get("Retry-After", "")[:40]
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, OSError):
        return 0.0


def _too_many_at_once(answer: Answer) -> bool:
    """Whether too many long requests run at once, which passes; the day's allowance does not."""
    return b"ConcurrentRequests" in answer.body
