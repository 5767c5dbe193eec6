"""What STATE says of failed rows, so that a machine with an empty journal knows of them.

It is stored below `bookmarks`, because taps that are built on the SDK keep what is there and drop
other keys. Salesforce keeps the results of a job for seven days, so the ids of the jobs are enough
to fetch and resend the rows from anywhere.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.salesforce.job import is_job_id

if TYPE_CHECKING:
    from target_salesforce_bulk.journal.port import Journal

logger = logging.getLogger(__name__)

#: Name of the bookmark.
NAME = "target-salesforce-bulk"
#: https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_bulkapi.htm
KEPT_FOR = timedelta(days=7)
_MOST_JOBS = 50


class Ledger:
    """Puts the failed rows of the journal into STATE.

    Args:
        journal: Knows the failed rows.
        org: The org that the journal is of.
        enabled: Whether STATE is to carry them.
    """

    def __init__(self, journal: Journal, org: str, *, enabled: bool) -> None:
        self._journal = journal
        self._org = org
        self._enabled = enabled
        self._warned = False
        #: Entries that the journal has: a tap sends the same ones with every STATE.
        self._remembered: set[str] = set()
        #: The jobs that the newest STATE has told of.
        self._told: list[dict[str, Any]] = []

    @property
    def enabled(self) -> bool:
        """Whether STATE carries our part."""
        return self._enabled

    def take_out(self, state: Any) -> tuple[Any, int | None]:
        """The STATE of the tap without our part, and the number that it brought back.

        Jobs of another machine are remembered. Malformed entries are ignored, and so is the ledger
        of another org: its number and its jobs mean nothing here.
        """
        found = find(state)
        if found is None:
            return state, None
        if self._is_foreign(found):
            return _without(state), None
        entries = found.get("failed_jobs")
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and is_job_id(entry.get("job_id")):
                self._remember(entry["job_id"], json.dumps(entry))
        number = found.get("number")
        known = isinstance(number, int) and not isinstance(number, bool) and number >= 0
        return _without(state), number if known else None

    def _is_foreign(self, found: dict[str, Any]) -> bool:
        """Whether our part of a STATE is of another org; the first time, it is said."""
        org = found.get("org", self._org)
        if org == self._org:
            return False
        if not self._warned:
            self._warned = True
            logger.warning(
                "The STATE was written for org %s, but this run loads into %s: its bookmarks do "
                "not say what is loaded here. Use a separate STATE for each org (in Meltano, a "
                "separate environment or --state-id-suffix).",
                plain_text(org),
                self._org,
                extra=log_facts(LogCode.STATE_OF_OTHER_ORG),
            )
        return True

    def _remember(self, job_id: str, entry: str) -> None:
        if entry not in self._remembered:
            self._journal.failures.remember_foreign_job(job_id, entry)
            self._remembered.add(entry)

    def put_in(self, state: Any, number: int | None = None) -> Any:
        """The STATE with what is failed now and its number; as it is where there is neither."""
        jobs = self._told = self.jobs() if self._enabled else []
        if not isinstance(state, dict):
            return state
        part: dict[str, Any] = {} if number is None else {"number": number}
        if jobs:
            part["failed_rows"] = sum(sum(job["failed"].values()) for job in jobs)
            part["failed_jobs"] = jobs[-_MOST_JOBS:]
        if not part:
            return state
        part["org"] = self._org
        if isinstance(state.get("bookmarks"), dict):
            return {**state, "bookmarks": {**state["bookmarks"], NAME: part}}
        return {**state, NAME: part}

    @property
    def has_news(self) -> bool:
        """Whether STATE would tell of other failed rows now than the newest one did."""
        return self._enabled and self.jobs() != self._told

    def jobs(self) -> list[dict[str, Any]]:
        """The jobs with failed rows, of this machine and of others, the oldest first."""
        oldest = (datetime.now(UTC) - KEPT_FOR).isoformat()
        foreign = [json.loads(entry) for entry in self._journal.failures.foreign_jobs()]
        jobs = self._journal.failures.jobs()
        jobs += [entry for entry in foreign if entry.get("time", "") > oldest]
        return sorted(jobs, key=lambda job: str(job.get("time", "")))


def find(state: Any) -> dict[str, Any] | None:
    """Our part of a STATE, as a tap or Meltano keeps it."""
    for place in _places(state):
        if isinstance(place.get(NAME), dict):
            found: dict[str, Any] = place[NAME]
            return found
    return None


def _places(state: Any) -> list[dict[str, Any]]:
    if not isinstance(state, dict):
        return []
    completed = state.get("completed")
    inner = state.get("singer_state")
    if not inner and isinstance(completed, dict):
        inner = completed.get("singer_state")
    places = _places(inner) if isinstance(inner, dict) else []
    bookmarks = state.get("bookmarks")
    return [*places, *([bookmarks] if isinstance(bookmarks, dict) else []), state]


def _without(state: Any) -> Any:
    state = {name: value for name, value in state.items() if name != NAME}
    if isinstance(state.get("bookmarks"), dict):
        state["bookmarks"] = {n: v for n, v in state["bookmarks"].items() if n != NAME}
    return state
