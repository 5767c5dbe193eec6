"""Batches, plans and objects of an org for unit tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from target_salesforce_bulk.errors import NotFoundError
from target_salesforce_bulk.journal.batch import Batch, BatchColumn, LoadPlan
from target_salesforce_bulk.journal.failed_rows import (
    FailedRow,
    FailureClass,
    Origin,
    RowError,
    StoredFailedRow,
)
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.sobject import Field, SObject
from target_salesforce_bulk.state_directory import StateDirectory

CONTACT = SObject(
    name="Contact",
    fields=(
        Field(name="Id", type="id", createable=False, updateable=False, id_lookup=True),
        Field(name="Key__c", type="string", length=20, external_id=True, id_lookup=True),
        Field(name="LastName", type="string", length=80, nillable=False),
        Field(name="Email", type="email", length=80),
    ),
)


class KnownObjects:
    """The objects of an org that has only these."""

    def __init__(self, *sobjects: SObject) -> None:
        self._sobjects = {each.name.lower(): each for each in sobjects}

    def sobject(self, name: str) -> SObject:
        found = self._sobjects.get(name.lower())
        if found is None:
            raise NotFoundError(f"no {name}", status=404, code="NOTFOUND", detail="")
        return found

    def find_sobject(self, names: list[str]) -> SObject | None:
        return next((self._sobjects[n.lower()] for n in names if n.lower() in self._sobjects), None)


#: The org of the unit tests.
ORG_ID = "00D000000000001EAA"


def org_folder(state_dir: Path) -> Path:
    """The folder of that org in a state directory."""
    return StateDirectory(state_dir, "").of_org(ORG_ID, "https://acme.my.salesforce.com")


def make_plan(**changes: Any) -> LoadPlan:
    """A plan that upserts contacts by Key__c."""
    facts: dict[str, Any] = {
        "stream": "people",
        "sobject": "Contact",
        "operation": Operation.UPSERT,
        "columns": (
            BatchColumn(header="Key__c", type="string"),
            BatchColumn(header="LastName", type="string"),
        ),
        "key": "Key__c",
    }
    return LoadPlan(**facts | changes)


def make_batch(folder: Path = Path("/nowhere"), **changes: Any) -> Batch:
    """A settled batch."""
    facts: dict[str, Any] = {
        "id": 1,
        "run_id": "r1",
        "plan": make_plan(),
        "state": BatchState.SETTLED,
        "folder": folder,
    }
    return Batch(**facts | changes)


def failed_row(name: str, **changes: Any) -> FailedRow:
    """A contact that Salesforce refused."""
    facts: dict[str, Any] = {
        "row": {"Key__c": name, "LastName": f"Name {name}"},
        "error": RowError(code="DUPLICATE_VALUE", message="duplicate value", fields=("Key__c",)),
        "key": name,
        "same_key": name,
    }
    return FailedRow(**facts | changes)


def stored_row(**changes: Any) -> StoredFailedRow:
    """A failed contact as the journal returns it."""
    facts: dict[str, Any] = {
        "id": 7,
        "run_id": "r1",
        "batch_id": 1,
        "stream": "people",
        "sobject": "Contact",
        "operation": "upsert",
        "key": "K-1",
        "row": {"Key__c": "K-1", "LastName": "Ada"},
        "code": "DUPLICATE_VALUE",
        "message": "duplicate value",
        "fields": ("Key__c", "Email"),
        "job_id": "7501",
        "attempt": 2,
        "origin": Origin.SALESFORCE,
        "failure_class": FailureClass.PERMANENT,
        "failed_at": "2026-01-01T00:00:00.000+00:00",
    }
    return StoredFailedRow(**facts | changes)
