"""Runs and events for tests of exports."""

from __future__ import annotations

from typing import Any

from sample_batches import CONTACT, make_batch, make_plan

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.failed_rows import FailureClass
from target_salesforce_bulk.journal.failure_store import FailureGroup
from target_salesforce_bulk.loading.events import BatchSettled, RowsKept, StreamStarted
from target_salesforce_bulk.loading.tally import StreamTally
from target_salesforce_bulk.mapping.field_map import Column, FieldMap, Unmapped
from target_salesforce_bulk.mapping.resolve import ResolvedStream
from target_salesforce_bulk.reporting.exports.totals import RunEnd, Totals
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.limits import ApiUsage
from target_salesforce_bulk.salesforce.meter import Traffic
from target_salesforce_bulk.salesforce.sobject import Field

SETTLED = BatchSettled(
    batch=make_batch(rows=9, size=400, merged=1, job_id="7505g0000000001AAA"),
    counts=Counts(loaded=5, failed=4, refused=1),
    jobs=1,
    api_calls=7,
    seconds=4.0,
)
KEPT = RowsKept(batch=make_batch(id=2), counts=Counts(unprocessed=2))


def failure(code: str, rows: int, stream: str = "people") -> FailureGroup:
    return FailureGroup(
        stream=stream,
        code=code,
        failure_class=FailureClass.PERMANENT,
        rows=rows,
        message="no",
        keys=(),
    )


def run_end(**changes: Any) -> RunEnd:
    """A run that settled `SETTLED` and `KEPT`."""
    totals = Totals()
    totals.observe(SETTLED)
    totals.observe(KEPT)
    facts: dict[str, Any] = {
        "succeeded": True,
        "error": None,
        "ended_at": 1_000_000.5,
        "seconds": 12.5,
        "loads": totals.loads,
        "streams": (StreamTally(stream="people", sobject="Contact", read=12),),
        "failures": (failure("REQUIRED_FIELD_MISSING", 3),),
        "traffic": Traffic(requests=30, retries=2, wait_seconds=1.5, refreshes=3, refreshed=2),
        "usage": ApiUsage(40, 100),
    }
    return RunEnd(**facts | changes)


def started(stream: str = "people", **columns: str) -> StreamStarted:
    """A stream into Contact, its properties by field; Key__c is its key.

    Its parent is looked up by a constant and by `account`; `age` is not loaded.
    """
    mapped = [
        Column(header=name, field=CONTACT.field(name) or CONTACT.fields[0], path=(path,))
        for name, path in columns.items()
    ]
    parent = Field(name="Key__c", type="string")
    reference = Field(name="AccountId", type="reference")
    return StreamStarted(
        stream=stream,
        tap_stream=f"db-{stream}",
        resolved=ResolvedStream(
            sobject=CONTACT,
            operation=Operation.UPSERT,
            field_map=FieldMap(
                columns=(
                    *mapped,
                    Column(header="Email", field=CONTACT.fields[3], constant="a@example.com"),
                    Column(
                        header="Account.Key__c",
                        field=parent,
                        path=("account", "key"),
                        reference=reference,
                        parent="Account",
                    ),
                ),
                unmapped=(Unmapped(property="age", reason="no field"),),
            ),
        ),
    )


def deletes() -> BatchSettled:
    """A batch of deletes of the same stream."""
    plan = make_plan(operation=Operation.DELETE)
    return BatchSettled(batch=make_batch(id=3, plan=plan), counts=Counts(loaded=2), jobs=2)
