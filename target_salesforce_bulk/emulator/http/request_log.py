"""Which requests came to the API."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class RequestRecord:
    """A request to the API."""

    #: Position in the log, from 1.
    number: int
    method: str
    path: str
    #: Status of the answer; 0 where the connection was broken off.
    status: int
    #: What the header Sforce-Call-Options says; empty without one.
    call_options: str = ""


class RequestLog:
    """Every request so far; safe to use from any thread."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._records: list[RequestRecord] = []

    def add(self, method: str, path: str, status: int, call_options: str = "") -> None:
        """Add a request."""
        with self._mutex:
            number = len(self._records) + 1
            self._records.append(RequestRecord(number, method, path, status, call_options))

    def all(self) -> list[RequestRecord]:
        """Every request, oldest first."""
        with self._mutex:
            return list(self._records)

    def clear(self) -> None:
        """Forget all requests."""
        with self._mutex:
            self._records.clear()
