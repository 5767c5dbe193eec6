"""Rows that are to be sent again: their portions, and the keys by which they wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.batch import Batch, BatchColumn, LoadPlan
from target_salesforce_bulk.journal.failed_rows import FailedRow, FailureClass, RowError
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.loading.settling.child_batches import ChildWriter, RowRetries
from target_salesforce_bulk.rows.csvfile import read_rows
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from pathlib import Path

PLAN = LoadPlan(
    stream="s",
    sobject="Contact",
    operation=Operation.UPSERT,
    columns=(BatchColumn(header="Key__c", type="string"), BatchColumn(header="T", type="string")),
    key="Key__c",
)


def failed(key: str, kind: FailureClass) -> FailedRow:
    return FailedRow(
        row={"Key__c": key, "T": "x"}, error=RowError(code="C", message="m"), failure_class=kind
    )


def test_rows_wait_by_their_keys(tmp_path: Path) -> None:
    """In batches by what they wait for; what cannot pass by itself is not taken."""
    batch = Batch(id=1, run_id="r", plan=PLAN, state=BatchState.ENDED, folder=tmp_path)
    writer = ChildWriter(batch, RowRetries(), parents_coming=True)
    taken = [
        writer.take(failed("A", FailureClass.TRANSIENT)),
        writer.take(failed("B", FailureClass.PARENT_MISSING)),
        writer.take(failed("C", FailureClass.TRANSIENT)),
        writer.take(failed("D", FailureClass.PERMANENT)),
    ]
    drafts = {draft.for_parents: draft for draft in writer.drafts()}

    assert taken == [True, True, True, False]
    assert [list(drafts[each].same_keys()) for each in (False, True)] == [["a", "c"], ["b"]]
    assert list(read_rows(drafts[False].folder / "rows.csv"))[1:] == [["A", "x"], ["C", "x"]]
