"""A state directory with the results of loads, for tests of the tap that reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from known_outcomes import WRITES, Decided, sealed

from target_salesforce_bulk.journal.failed_rows import FailedRow, RowError
from target_salesforce_bulk.journal.lifecycle import Event
from target_salesforce_bulk.journal.order import Written
from target_salesforce_bulk.journal.outcome import LoadedRow
from target_salesforce_bulk.reporting.loaded_ids import LoadedIds

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.journal.journal import SqliteJournal

EMAIL = "INVALID_EMAIL_ADDRESS:Email: invalid email address: no:Email --"


def failed(key: str, error: str = EMAIL) -> FailedRow:
    """A row with a phone number that Salesforce refused."""
    row = {"Key__c": key, "Phone": "1"}
    return FailedRow(row=row, error=RowError.parse(error), key=key, same_key=key.lower())


def loaded(key: str) -> LoadedRow:
    """A row that has written all fields."""
    fields = frozenset({"Phone", "Title"})
    return LoadedRow(same_key=key.lower(), written=Written(fields=fields))


def load(
    journal: SqliteJournal,
    *outcome: FailedRow | LoadedRow,
    saved: str = "",
    plan: LoadPlan = WRITES,
    **more: Any,
) -> Batch:
    """Load a batch with this outcome in a job of its own.

    Args:
        journal: The journal.
        outcome: What became of its rows.
        saved: The job's successful results, if they are to be kept.
        plan: How it is loaded.
        more: Further arguments of the outcome.
    """
    batch = sealed(journal, plan)
    for event in (Event.CREATED, Event.CLOSING, Event.SUBMITTED, Event.ENDED):
        batch = journal.record(batch.id, event, job_id=f"750-{batch.id}", jobs_made=1)
    if saved:
        successful = journal.state_dir / "successful.csv"
        successful.write_text(saved)
        LoadedIds(journal.state_dir, "r1", lambda *_: None).keep(batch, successful)
    journal.settle(batch, Decided(*outcome, **more))
    return batch


def saved(*rows: tuple[str, ...]) -> str:
    """Successful results of upserted rows."""
    lines = [("sf__Id", "sf__Created", "Key__c", "Phone", "Title"), *rows]
    return "".join(",".join(f'"{cell}"' for cell in line) + "\n" for line in lines)


def folder_of(state_dir: Path) -> Path:
    """The folder of the only org."""
    (folder,) = state_dir.glob("00D*")
    return folder
