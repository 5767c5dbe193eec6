"""Failed rows become messages that the same configuration loads again."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import make_plan, stored_row

from target_salesforce_bulk.failed.singer_export import singer_messages
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.settings import Settings

if TYPE_CHECKING:
    from target_salesforce_bulk.journal.batch import LoadPlan
    from target_salesforce_bulk.journal.failed_rows import StoredFailedRow

TEXT = {"type": ["string", "null"]}
FAILED_AT = "2026-01-01T00:00:00.000+00:00"


def messages(*rows: StoredFailedRow, plan: LoadPlan, **stream: Any) -> list[dict[str, Any]]:
    settings = Settings.from_config({"streams": {"people": stream}})
    journal: Any = SimpleNamespace(plan_of=lambda _: plan)
    return list(singer_messages(journal, settings, rows))


def exported(row: dict[str, str], plan: LoadPlan | None = None, **stream: Any) -> tuple[Any, ...]:
    """Properties, key and record of the messages of one row."""
    schema, record = messages(stored_row(row=row), plan=plan or make_plan(), **stream)
    return [*schema["schema"]["properties"]], schema["key_properties"], record["record"]


def test_a_schema_comes_where_the_properties_change() -> None:
    """By stream; all properties are text, and the key of the plan is the key."""
    rows = [
        stored_row(row={"Key__c": "a", "LastName": "Ada"}),
        stored_row(row={"Key__c": "b", "LastName": "Bea"}),
        stored_row(row={"Key__c": "c"}),
        stored_row(row={"Key__c": "d"}, stream="others"),
        stored_row(row={"Key__c": "e"}),
    ]
    found = messages(*rows, plan=make_plan())

    assert [(each["type"], each["stream"]) for each in found] == [
        ("SCHEMA", "people"),
        ("RECORD", "people"),
        ("RECORD", "people"),
        ("SCHEMA", "people"),
        ("RECORD", "people"),
        ("SCHEMA", "others"),
        ("RECORD", "others"),
        ("RECORD", "people"),
    ]
    assert found[0] == {
        "type": "SCHEMA",
        "stream": "people",
        "schema": {"type": "object", "properties": {"Key__c": TEXT, "LastName": TEXT}},
        "key_properties": ["Key__c"],
    }
    assert found[1]["record"] == {"Key__c": "a", "LastName": "Ada"}


def test_the_mapping_is_read_backwards() -> None:
    """Whatever its case; properties it expects are declared, and constants are left out."""
    mapping = {
        "id": "key__C",
        "mail": {"field": "Email"},
        "source": {"field": "LeadSource", "value": "Web"},
        "nothing": {"field": None},
    }
    row = {"Key__c": "a", "LastName": "Ada", "LeadSource": "Web"}

    assert exported(row, field_mapping=mapping) == (
        ["id", "mail", "LastName"],
        ["id"],
        {"id": "a", "LastName": "Ada"},
    )


@pytest.mark.parametrize(("nulls", "cleared"), [("clear", None), ("ignore", "")])
def test_cells(nulls: str, cleared: str | None) -> None:
    """One that clears its field does so again, and an empty one, which did nothing, is left out."""
    row = {"Key__c": "a", "LastName": "", "Email": "#N/A"}

    assert exported(row, nulls=nulls)[2] == {"Key__c": "a", "Email": cleared}


@pytest.mark.parametrize(
    ("plan", "key", "record"),
    [
        (make_plan(operation=Operation.INSERT, key=None), [], {"Id": "003", "Key__c": "a"}),
        (replace(make_plan(), lookup=True).with_ids(), ["Key__c"], {"Key__c": "a"}),
    ],
)
def test_the_key(plan: LoadPlan, key: list[str], record: dict[str, str]) -> None:
    """An insert has none; an Id that was looked up is not one of the source's values."""
    assert exported({"Id": "003", "Key__c": "a"}, plan) == ([*record], key, record)


@pytest.mark.parametrize(
    ("operation", "record"),
    [
        ("upsert", {"Key__c": "a", "_sdc_deleted_at": FAILED_AT}),
        ("delete", {"Key__c": "a"}),
    ],
)
def test_a_record_to_be_deleted(operation: str, record: dict[str, str]) -> None:
    """It is marked, unless the stream deletes all of its records anyway."""
    plan = make_plan(operation=Operation.DELETE)

    assert exported({"Key__c": "a"}, plan, operation=operation)[2] == record
