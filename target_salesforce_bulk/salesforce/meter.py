"""Counts what a client sends, and follows how much of the org's allowance is used."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from target_salesforce_bulk.salesforce.limits import ApiUsage

if TYPE_CHECKING:
    from collections.abc import Iterator


class Tally:
    """The number of requests that a piece of work took."""

    def __init__(self) -> None:
        self.calls = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """What a client has sent so far."""

    #: Logins and retries included.
    requests: int = 0
    #: Requests that repeat one that Salesforce or the network refused.
    retries: int = 0
    #: Time between a request and its retry.
    wait_seconds: float = 0.0
    #: How often a session that was refused had to be renewed.
    refreshes: int = 0
    #: How often that succeeded.
    refreshed: int = 0


class Meter:
    """Follows the requests of a client and their responses; safe to call from any thread."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._here = threading.local()
        self._traffic = Traffic()
        self._reported: ApiUsage | None = None
        #: The number of requests when that was reported.
        self._requests_by_then = 0

    @property
    def traffic(self) -> Traffic:
        """What has been sent so far."""
        with self._mutex:
            return self._traffic

    @property
    def usage(self) -> ApiUsage | None:
        """The latest report of the org's usage, and the requests since; None without a report."""
        with self._mutex:
            if self._reported is None:
                return None
            since = self._traffic.requests - self._requests_by_then
            return replace(self._reported, used=self._reported.used + since)

    @contextmanager
    def tally(self) -> Iterator[Tally]:
        """Count the requests that this thread sends in the meantime."""
        outer = getattr(self._here, "tally", None)
        self._here.tally = Tally()
        try:
            yield self._here.tally
        finally:
            self._here.tally = outer

    def sent(self) -> None:
        """Count a request."""
        with self._mutex:
            self._traffic = replace(self._traffic, requests=self._traffic.requests + 1)
        tally = getattr(self._here, "tally", None)
        if tally is not None:
            tally.calls += 1

    def waits(self, seconds: float) -> None:
        """Count a retry, and the time before it."""
        with self._mutex:
            self._traffic = replace(
                self._traffic,
                retries=self._traffic.retries + 1,
                wait_seconds=self._traffic.wait_seconds + seconds,
            )

    def refreshes(self) -> None:
        """Count the renewal of a session, whatever comes of it."""
        with self._mutex:
            self._traffic = replace(self._traffic, refreshes=self._traffic.refreshes + 1)

    def refreshed(self) -> None:
        """Count a session that was renewed."""
        with self._mutex:
            self._traffic = replace(self._traffic, refreshed=self._traffic.refreshed + 1)

    def answered(self, limit_info: str | None) -> None:
        """Read the header `Sforce-Limit-Info` of a response; not every response has it."""
        usage = ApiUsage.from_header(limit_info)
        if usage is not None:
            with self._mutex:
                self._reported = usage
                self._requests_by_then = self._traffic.requests
