"""Which requests go wrong on purpose, and how."""

from __future__ import annotations

import fnmatch
import random
import threading
from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """What happens to a request."""

    RESET_BEFORE = "reset_before"  #: the connection breaks before the request takes effect
    RESET_AFTER = "reset_after"  #: the request takes effect, but its answer never arrives
    STATUS = "status"  #: an answer with `status`, `headers` and `body` instead of the real one
    DAILY_LIMIT = "daily_limit"  #: refused as if the daily allowance were used up
    CONCURRENT_LIMIT = "concurrent_limit"  #: refused as if too many long requests ran at once
    TRUNCATE = "truncate"  #: the answer breaks off after `bytes` bytes
    HANG = "hang"  #: nothing happens for `seconds`, then the connection breaks
    DRIP = "drip"  #: the real answer, delayed by `seconds`


@dataclass(kw_only=True)
class Fault:
    """A rule for requests: which ones go wrong, how, and how often."""

    kind: FaultKind
    #: HTTP method, or `*`.
    method: str = "*"
    #: Glob for the path.
    path: str = "*"
    #: How many requests to hit; -1 for all.
    times: int = 1
    #: How many matching requests to let through first.
    after: int = 0
    #: Share of matching requests to hit, from 0 to 1.
    probability: float = 1.0
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    bytes: int = 100
    seconds: float = 1.0

    def matches(self, method: str, path: str) -> bool:
        """Whether the fault applies to a request."""
        return self.method in {"*", method} and fnmatch.fnmatchcase(path, self.path)

    def take(self) -> bool:
        """Whether the fault hits the next matching request; counts the request."""
        if self.after > 0:
            self.after -= 1
            return False
        if self.probability < 1 and random.random() >= self.probability:  # noqa: S311
            return False
        if self.times == 0:
            return False
        self.times -= 1
        return True


class FaultBox:
    """The faults that are still to happen; safe to use from any thread."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Inject a fault from now on."""
        with self._mutex:
            self._faults.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        with self._mutex:
            self._faults.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that hits a request, if any."""
        with self._mutex:
            for fault in self._faults:
                if fault.matches(method, path) and fault.take():
                    return fault
        return None
