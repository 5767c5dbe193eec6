"""What goes wrong on purpose: on the wire, in jobs, and in rows."""

from __future__ import annotations

import fnmatch
import random
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What happens to a request."""

    RESET_BEFORE = "reset_before"  #: the connection breaks before the request took effect
    RESET_AFTER = "reset_after"  #: the request takes effect, but its answer never arrives
    STATUS = "status"  #: an answer with `status`, `headers` and `body` instead of the real one
    TRUNCATE = "truncate"  #: the answer breaks off after `bytes` bytes
    HANG = "hang"  #: nothing happens for `seconds`, then the connection breaks
    DRIP = "drip"  #: the real answer, but only after `seconds`


@dataclass(kw_only=True)
class Fault:
    """A rule for requests: which ones go wrong, how, and how often."""

    kind: FaultKind
    #: HTTP method, or `*`.
    method: str = "*"
    #: Glob for the path.
    path: str = "*"
    #: How many requests it hits; -1 for all.
    times: int = 1
    #: How many matching requests pass first.
    after: int = 0
    #: The share of matching requests that it hits.
    probability: float = 1.0
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    bytes: int = 100
    seconds: float = 1.0

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is one that it speaks of."""
        return self.method in {"*", method} and fnmatch.fnmatchcase(path, self.path)


class FaultBox:
    """The faults that are still to happen; safe to call from any thread."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let something go wrong from now on."""
        with self._mutex:
            self._faults.append(fault)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._mutex:
            self._faults.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that hits a request, if one does."""
        with self._mutex:
            for fault in self._faults:
                if not fault.matches(method, path):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                if fault.probability < 1 and random.random() >= fault.probability:  # noqa: S311
                    continue
                if fault.times != 0:
                    fault.times -= 1
                    return fault
        return None


@dataclass(kw_only=True)
class RowRule:
    """Rows that are refused although nothing is wrong with them."""

    #: `sf__Error` as it is to stand in the failed results, such as
    #: `UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--`.
    error: str
    object: str = "*"
    #: Column whose cell must match the glob; any row where it is empty.
    column: str = ""
    glob: str = "*"
    #: How many rows it hits; -1 for all.
    times: int = -1
    #: Whether a row is hit once only: it passes when it comes again.
    once_per_row: bool = False
    _hit: set[str] = field(default_factory=set, repr=False)

    def takes(self, sobject: str, row: dict[str, str], fingerprint: str) -> bool:
        """Whether it hits a row."""
        if self.times == 0 or not fnmatch.fnmatchcase(sobject, self.object):
            return False
        if self.column and not fnmatch.fnmatchcase(row.get(self.column, ""), self.glob):
            return False
        if self.once_per_row:
            if fingerprint in self._hit:
                return False
            self._hit.add(fingerprint)
        if self.times > 0:
            self.times -= 1
        return True


@dataclass(kw_only=True)
class Behaviour:
    """How the org behaves; each member may be changed while it runs."""

    #: Rows that a job processes in a second; 0 for as fast as it can.
    rows_per_second: float = 0
    #: What each job takes at least.
    seconds_per_job: float = 0
    hard_delete_allowed: bool = True
    #: What becomes of a compressed upload: `accept`, `refuse` with a 415, or `ignore` that it is.
    compressed_uploads: str = "accept"
    daily_api_requests: int = 100_000
    #: Salesforce may answer a refresh with a new refresh token and kill the old one.
    rotate_refresh_tokens: bool = False
    #: Jobs end as Failed after so many rows, and the rest stays unprocessed; 0 for never.
    stop_after_rows: int = 0
    #: How many jobs `stop_after_rows` hits; -1 for all.
    stop_times: int = -1
    #: `errorMessage` of jobs that fail as a whole before their first row.
    fail_jobs_with: str = ""
    fail_jobs_times: int = 0
    rules: list[RowRule] = field(default_factory=list)

    def configure(self, settings: dict[str, Any]) -> None:
        """Change members by name; rules come as dictionaries too."""
        for name, value in settings.items():
            if not hasattr(self, name) or name == "configure":
                raise ValueError(f"The emulator has no setting {name}.")
            if name == "rules":
                value = [rule if isinstance(rule, RowRule) else RowRule(**rule) for rule in value]
            setattr(self, name, value)
