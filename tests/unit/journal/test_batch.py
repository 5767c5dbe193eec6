"""What a plan and a batch know about themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sample_batches import make_batch, make_plan

from target_salesforce_bulk.journal.batch import BatchColumn, Counts, LoadPlan
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.sobject import Field

if TYPE_CHECKING:
    from pathlib import Path

LOOKED_UP = make_plan(operation=Operation.UPDATE, lookup=True)


@pytest.mark.parametrize(
    "plan",
    [
        make_plan(parents=("Account",), assignment_rule_id="01Q"),
        make_plan(operation=Operation.INSERT, key=None),
        LOOKED_UP.with_ids(),
    ],
)
def test_a_plan_survives_the_journal(plan: LoadPlan) -> None:
    """It is equal to itself after JSON."""
    assert LoadPlan.from_json(plan.to_json()) == plan


def test_a_plan_of_an_earlier_version() -> None:
    """It had a fingerprint of its field map, which is left out."""
    stored = json.loads(make_plan().to_json()) | {"map_fingerprint": "ab"}

    assert LoadPlan.from_json(json.dumps(stored)) == make_plan()


def test_a_plan_with_ids() -> None:
    """The Id becomes the key; the key that found it names the row and is not sent."""
    plan = LOOKED_UP.with_ids()

    assert [column.header for column in plan.columns] == ["Id", "Key__c", "LastName"]
    assert (plan.key, plan.label, plan.lookup) == ("Id", "Key__c", False)
    assert (plan.key_index, plan.label_index, plan.sent_columns) == (0, 1, [0, 2])


@pytest.mark.parametrize("operation", [Operation.DELETE, Operation.HARD_DELETE])
def test_a_delete_sends_ids_alone(operation: Operation) -> None:
    """Whatever else was read."""
    assert make_plan(operation=operation, lookup=True).with_ids().sent_columns == [0]


def test_a_plan_without_lookup() -> None:
    """All columns are sent, and the key names the row."""
    plan = make_plan(key="LastName")

    assert (plan.key_index, plan.label_index, plan.sent_columns) == (1, 1, None)


@pytest.mark.parametrize(
    ("operation", "field"),
    [(Operation.UPSERT, "Key__c"), (Operation.UPDATE, None), (Operation.DELETE, None)],
)
def test_only_an_upsert_names_its_key_field(operation: Operation, field: str | None) -> None:
    """Salesforce refuses externalIdFieldName for any other job."""
    assert make_plan(operation=operation).external_id_field == field


def test_a_column_compares_like_its_field() -> None:
    """Name, type and case."""
    column = BatchColumn(header="Key__c", type="string", case_sensitive=True)

    assert column.field == Field(name="Key__c", type="string", case_sensitive=True)


def test_counts_add_up() -> None:
    """Member by member."""
    one = Counts(loaded=1, failed=2, unprocessed=3, uncertain=4, refused=5, counted=6, retried=7)

    assert one + one == Counts(
        loaded=2, failed=4, unprocessed=6, uncertain=8, refused=10, counted=12, retried=14
    )
    assert (one.not_loaded, one.known) == (9, 10)


def test_the_files_of_a_batch(tmp_path: Path) -> None:
    """Upload and original are the CSV itself until they have files of their own."""
    batch = make_batch(tmp_path)
    before = (batch.upload, batch.original)
    for name in ("upload.csv", "original.csv"):
        (tmp_path / name).touch()

    assert before == (batch.csv, batch.csv)
    assert (batch.upload, batch.original) == (tmp_path / "upload.csv", tmp_path / "original.csv")
