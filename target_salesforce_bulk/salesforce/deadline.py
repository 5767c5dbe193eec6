"""A time limit for a whole response.

The timeout of `requests` applies to each read from the socket, so a response that trickles in at
one byte a minute never ends. Here every read is checked against a deadline, including the headers.
"""

from __future__ import annotations

import http.client
import io
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import urllib3.connection
import urllib3.connectionpool
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from collections.abc import Callable

#: How much of an upload is sent at once; the timeout is for all of it, so a slow line limits it.
_BLOCK_BYTES = 1 << 16

#: The deadline of the response that this thread is about to wait for.
current_deadline: ContextVar[Deadline | None] = ContextVar("current_deadline", default=None)


class AnswerTooSlowError(TimeoutError):
    """A response was not complete in time."""


class Deadline:
    """How long a response may take, from the end of the request.

    Sending does not count, as an upload takes as long as its size requires.

    Args:
        seconds: Time for the response.
        bytes_per_second: Adds time for what has been received; None adds none. A download at this
            rate never times out, whatever its size; one that trickles does.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        seconds: float,
        *,
        bytes_per_second: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._rate = bytes_per_second
        self._clock = clock
        self._received = 0
        self.start()

    def start(self) -> None:
        """Start the clock."""
        self._started = self._clock()

    def check(self, received: int = 0) -> None:
        """Count received bytes.

        Raises:
            AnswerTooSlowError: the time is up.
        """
        self._received += received
        earned = self._received / self._rate if self._rate else 0.0
        if self._clock() - self._started > self._seconds + earned:
            raise AnswerTooSlowError(
                f"the response was not complete after {self._seconds + earned:.0f} s"
            )


class TimedReader(io.RawIOBase):
    """Reads from a socket until the deadline passes."""

    def __init__(self, raw: io.RawIOBase, deadline: Deadline) -> None:
        self._raw = raw
        self._deadline = deadline

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what has arrived.

        Raises:
            AnswerTooSlowError: the deadline has passed.
        """
        self._deadline.check()
        count = self._raw.readinto(buffer)
        self._deadline.check(count or 0)
        return count

    def close(self) -> None:
        """Close the underlying stream."""
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        deadline = current_deadline.get()
        if deadline is not None:
            deadline.start()
            self.fp = io.BufferedReader(TimedReader(self.fp.detach(), deadline))


class _HTTPConnection(urllib3.connection.HTTPConnection):
    response_class = _TimedResponse


class _HTTPSConnection(urllib3.connection.HTTPSConnection):
    response_class = _TimedResponse


class _HTTPPool(urllib3.connectionpool.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.connectionpool.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


class DeadlineAdapter(HTTPAdapter):
    """Sends requests over connections that enforce `current_deadline`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Set up direct connections."""
        super().init_poolmanager(*args, blocksize=_BLOCK_BYTES, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Set up connections through a proxy."""
        manager = super().proxy_manager_for(*args, blocksize=_BLOCK_BYTES, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
