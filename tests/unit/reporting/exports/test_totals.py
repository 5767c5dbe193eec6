"""Events add up by stream, object and operation."""

from __future__ import annotations

from exported_runs import KEPT, SETTLED, deletes

from target_salesforce_bulk.errors import LoadError
from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.loading.events import StreamStopped
from target_salesforce_bulk.reporting.exports.totals import Load, LoadTotals, Totals, outcomes


def test_events_add_up() -> None:
    """The deletes of a stream are counted apart from what it writes."""
    totals = Totals()
    for event in (SETTLED, SETTLED, KEPT, deletes()):
        totals.observe(event)
    totals.observe(StreamStopped(stream="people", error=LoadError("no")))

    assert totals.loads == {
        Load("people", "Contact", "upsert"): LoadTotals(
            counts=Counts(loaded=10, failed=8, refused=2, unprocessed=2),
            merged=2,
            batches=2,
            jobs=2,
        ),
        Load("people", "Contact", "delete"): LoadTotals(counts=Counts(loaded=2), batches=1, jobs=2),
    }


def test_each_row_has_one_outcome() -> None:
    """Refused rows are not counted as failed as well, nor counted ones as loaded."""
    counts = Counts(
        loaded=1,
        failed=5,
        refused=3,
        counted=1,
        unprocessed=4,
        uncertain=5,
        retried=6,
        superseded=7,
    )

    assert outcomes(counts, merged=8) == {
        "loaded": 1,
        "failed": 2,
        "refused": 3,
        "unprocessed": 4,
        "uncertain": 5,
        "retried": 6,
        "superseded": 7,
        "merged": 8,
    }


def test_outcomes_that_did_not_occur() -> None:
    """Only the one that everyone looks for is there."""
    assert outcomes(Counts(), merged=0) == {"loaded": 0}
