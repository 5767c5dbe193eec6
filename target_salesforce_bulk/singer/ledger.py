"""What STATE says of failed rows, so that a machine with an empty journal knows of them.

It stands below `bookmarks`, because taps that are built on the SDK keep what is there and drop
other keys. Salesforce keeps the results of a job for seven days, so the ids of the jobs are enough
to fetch and resend the rows from anywhere.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from target_salesforce_bulk.journal.port import Journal

#: Name of the bookmark.
NAME = "target-salesforce-bulk"
#: https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_bulkapi.htm
KEPT_FOR = timedelta(days=7)
_MOST_JOBS = 50


class Ledger:
    """Puts the failed rows of the journal into STATE.

    Args:
        journal: Knows the failed rows.
        enabled: Whether STATE is to carry them.
    """

    def __init__(self, journal: Journal, *, enabled: bool) -> None:
        self._journal = journal
        self._enabled = enabled

    def take_out(self, state: dict[str, Any]) -> dict[str, Any]:
        """The STATE of the tap without our part; jobs of another machine are remembered."""
        found = find(state)
        if found is None:
            return state
        for entry in found.get("failed_jobs") or []:
            if isinstance(entry, dict) and entry.get("job_id"):
                self._journal.failures.remember_foreign_job(entry["job_id"], json.dumps(entry))
        return _without(state)

    def put_in(self, state: dict[str, Any]) -> dict[str, Any]:
        """The STATE with what is failed now; without our part where nothing is."""
        jobs = self.jobs() if self._enabled else []
        if not jobs:
            return state
        state = copy.deepcopy(state)
        place = state["bookmarks"] if isinstance(state.get("bookmarks"), dict) else state
        place[NAME] = {
            "failed_rows": sum(sum(job["failed"].values()) for job in jobs),
            "failed_jobs": jobs[-_MOST_JOBS:],
        }
        return state

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
    inner = state.get("singer_state") or (state.get("completed") or {}).get("singer_state")
    places = _places(inner) if isinstance(inner, dict) else []
    bookmarks = state.get("bookmarks")
    return [*places, *([bookmarks] if isinstance(bookmarks, dict) else []), state]


def _without(state: dict[str, Any]) -> dict[str, Any]:
    state = {name: value for name, value in state.items() if name != NAME}
    if isinstance(state.get("bookmarks"), dict):
        state["bookmarks"] = {n: v for n, v in state["bookmarks"].items() if n != NAME}
    return state
