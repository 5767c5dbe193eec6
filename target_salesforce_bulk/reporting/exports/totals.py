"""What a run did, added up by what it loads."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.loading.events import BatchSettled, RowsKept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_salesforce_bulk.journal.batch import LoadPlan
    from target_salesforce_bulk.journal.failure_store import FailureGroup
    from target_salesforce_bulk.loading.events import Event
    from target_salesforce_bulk.loading.tally import StreamTally
    from target_salesforce_bulk.salesforce.limits import ApiUsage
    from target_salesforce_bulk.salesforce.meter import Traffic


@dataclass(frozen=True, slots=True)
class Load:
    """What rows have in common that are counted together."""

    stream: str
    sobject: str
    operation: str

    @classmethod
    def of(cls, plan: LoadPlan) -> Load:
        """What the rows of a plan are counted under."""
        return cls(plan.stream, plan.sobject, str(plan.operation))


@dataclass(kw_only=True, slots=True)
class LoadTotals:
    """The totals of one load."""

    counts: Counts = field(default_factory=Counts)
    merged: int = 0
    batches: int = 0
    jobs: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class RunEnd:
    """A run at its end."""

    #: Whether the run counts as a success, and the error that ended it; None if it is not known.
    succeeded: bool
    error: BaseException | None
    #: Seconds since 1970.
    ended_at: float
    seconds: float
    loads: Mapping[Load, LoadTotals]
    streams: tuple[StreamTally, ...]
    #: The rows that were stored as failed.
    failures: tuple[FailureGroup, ...]
    traffic: Traffic
    #: How much of the org's API requests is used; None where that is unknown.
    usage: ApiUsage | None


class Totals:
    """Adds up the events of a run; safe to call from any thread."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._loads: dict[Load, LoadTotals] = {}

    @property
    def loads(self) -> Mapping[Load, LoadTotals]:
        """The totals so far."""
        with self._mutex:
            return dict(self._loads)

    def observe(self, event: Event) -> None:
        """Add an event to the totals."""
        with self._mutex:
            match event:
                case BatchSettled():
                    load = self._of(event.batch.plan)
                    load.counts += event.counts
                    load.merged += event.batch.merged
                    load.batches += 1
                    load.jobs += event.jobs
                case RowsKept():
                    self._of(event.batch.plan).counts += event.counts

    def _of(self, plan: LoadPlan) -> LoadTotals:
        return self._loads.setdefault(Load.of(plan), LoadTotals())


def outcomes(counts: Counts, merged: int) -> dict[str, int]:
    """Rows by outcome: `loaded`, and the others of which there are any; each row counts once.

    A row that is resent counts as `retried`, and again with its outcome then.
    """
    rows = {
        "loaded": counts.loaded,
        "failed": counts.failed - counts.refused,
        "refused": counts.refused,
        "unprocessed": counts.unprocessed,
        "uncertain": counts.uncertain,
        "retried": counts.retried,
        "superseded": counts.superseded,
        "merged": merged,
    }
    return {outcome: number for outcome, number in rows.items() if number or outcome == "loaded"}
