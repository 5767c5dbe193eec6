"""Retries requests if that is safe.

That depends on two things: whether the request may have taken effect, and whether taking effect
twice would matter.

* After a 429, a refused connection or a failed name lookup, Salesforce has done nothing: any
  request is retried. The same holds if too many requests run at once, whatever the status.
* When the daily allowance is used up, no request is retried: it would be refused for hours.
* After a 5xx, a broken connection or a timeout, the request may have taken effect: it is retried
  only if it may take effect twice. Otherwise the caller gets an ``AnswerLostError`` and must ask
  Salesforce.
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
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.salesforce.exchange import (
    Exchange,
    ExchangeError,
    Request,
    Sink,
    Trouble,
)
from target_salesforce_bulk.salesforce.refusal import is_daily_limit, is_too_many_at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import requests

    from target_salesforce_bulk.salesforce.answer import Answer
    from target_salesforce_bulk.salesforce.meter import Meter

logger = logging.getLogger(__name__)

#: 420 and 429 come from Salesforce's edge, which then does not forward the request.
_REFUSED_UNREAD = frozenset({420, 429})
_REQUEST_TIMEOUT = 408

_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """How often and for how long a request is retried; the first limit reached ends it."""

    attempts: int = 6
    #: Also the maximum time of one response, unless the timeout of one attempt is longer.
    max_seconds: float = 300.0


class _AgainError(Exception):
    """An attempt failed, and another one may succeed.

    Args:
        reason: For the log.
        outcome: What the caller gets if there is no other attempt.
        wait_seconds: The wait that Salesforce asks for.
    """

    def __init__(
        self, reason: str, outcome: Answer | SalesforceError, wait_seconds: float = 0.0
    ) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.wait_seconds = wait_seconds


class Transport:
    """Sends requests with retries; not thread-safe.

    Args:
        policy: How often and for how long.
        timeout_seconds: Maximum wait for a connection, and between two bytes of a response.
        sleep: Sleeps for a number of seconds.
        meter: Counts attempts and waits, and reads what responses say of the org's usage.
        adapter: Sends the requests, for tests without a network.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        *,
        policy: RetryPolicy,
        timeout_seconds: float,
        sleep: Callable[[float], None],
        meter: Meter,
        adapter: requests.adapters.BaseAdapter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy
        self._sleep = sleep
        self._meter = meter
        self._clock = clock
        self._exchange = Exchange(
            timeout_seconds=timeout_seconds,
            answer_seconds=policy.max_seconds,
            clock=clock,
            adapter=adapter,
        )

    def send(self, request: Request) -> Answer:
        """Send a request until there is a response.

        Returns:
            The response. One that another attempt may improve is returned only after the last
            attempt.

        Raises:
            UnreachableError: no connection, or no response to a repeatable request.
            ResponseError: the response to a repeatable request cannot be understood.
            AnswerLostError: the request may have taken effect and must not be repeated.
        """

        def attempt() -> Answer:
            return self._judged(request, self._exchange.send(request))

        return self._until_answered(request, attempt, self._policy.max_seconds)

    def download(self, request: Request, sink: Sink) -> Answer:
        """Send a repeatable request until the body of its response is in the sink.

        A body may take long, so only the number of attempts is limited here, and the rate of each.

        Raises:
            UnreachableError: every attempt was cut short.
            ResponseError: the body cannot be the requested document.
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
            self._meter.sent()
            try:
                return self._timed(request, attempt)
            except _AgainError as again:
                left = max_seconds - (self._clock() - started)
                if number >= self._policy.attempts or left <= 0:
                    return _last_word(again)
                seconds = min(max(next(waits), again.wait_seconds), left)
                logger.warning(
                    "%s %s: %s; retrying in %.1f s",
                    request.method,
                    request.path,
                    again,
                    seconds,
                    extra=log_facts(
                        LogCode.REQUEST_RETRIED,
                        method=request.method,
                        path=request.path,
                        seconds=seconds,
                        attempt=number,
                    ),
                )
            self._meter.waits(seconds)
            self._sleep(seconds)
        raise AssertionError("The loop ends with a response or an error.")

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
        """The response, unless another attempt is needed.

        Raises:
            _AgainError: another attempt may succeed.
            AnswerLostError: the response does not show whether the request took effect.
        """
        self._meter.answered(answer.headers.get("Sforce-Limit-Info"))
        if answer.status >= 400 and not is_daily_limit(answer):
            _check_final(request, answer)
        if answer.status < 300 and request.expects_json:
            _check_json(request, answer)
        return answer


def _check_final(request: Request, answer: Answer) -> None:
    status = answer.status
    again = _AgainError(f"HTTP {status}", answer, _retry_after(answer))
    if status in _REFUSED_UNREAD or (status < 500 and is_too_many_at_once(answer)):
        raise again
    if status >= 500 or status == _REQUEST_TIMEOUT:
        if request.repeatable:
            raise again
        raise AnswerLostError(
            f"{request.method} {request.path} returned HTTP {status}, so it is unknown whether "
            "it took effect."
        )


def _outcome(request: Request, error: ExchangeError) -> Exception:
    """The error for a failed exchange."""
    unreachable = UnreachableError(
        f"No response from {request.host}: {error}. Check the URL and the network (proxies are "
        "taken from HTTPS_PROXY, certificates from REQUESTS_CA_BUNDLE)."
    )
    unusable = ResponseError(
        f"The response to {request.method} {request.path} cannot be read: {error}."
    )
    if error.trouble is Trouble.HOPELESS:
        return unreachable
    if error.trouble is Trouble.NOT_SENT:
        return _AgainError(str(error), unreachable)
    if not request.repeatable:
        return AnswerLostError(
            f"The response to {request.method} {request.path} was lost: {error}."
        )
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
            raise _AgainError("the response is not JSON", error) from error
        raise AnswerLostError(
            f"{request.method} {request.path} returned HTTP {answer.status} without JSON, so it is "
            "unknown whether it took effect."
        ) from error


def _waits() -> Generator[float]:
    """Seconds between attempts: growing, with full jitter so that clients spread out."""
    longest = backoff.expo(factor=_FIRST_WAIT_SECONDS, max_value=_LONGEST_WAIT_SECONDS)
    next(longest)  # the first value only starts the generator
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
