"""A stream's mapping and settings become the plan of its batches and the encoder of its rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import CONTACT, KnownObjects

from target_salesforce_bulk.journal.batch import BatchColumn, LoadPlan
from target_salesforce_bulk.mapping.resolve import ResolvedStream, resolve_stream
from target_salesforce_bulk.rows.encoder import RowRefused
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.sobject import Field
from target_salesforce_bulk.settings import Settings
from target_salesforce_bulk.singer.row_writers import make_row_writer

if TYPE_CHECKING:
    from target_salesforce_bulk.loading.preparing.open_batch import RowWriter
    from target_salesforce_bulk.settings import StreamSettings

PERSON = replace(
    CONTACT,
    fields=(
        *CONTACT.fields,
        Field(name="Code__c", type="string", length=5, case_sensitive=True),
        Field(
            name="AccountId",
            type="reference",
            reference_to=("Account",),
            relationship_name="Account",
        ),
    ),
)
ACCOUNT = replace(CONTACT, name="Account")
MAPPING = {"id": "Key__c", "name": "LastName", "code": "Code__c", "account": "Account.Key__c"}


def options(**settings: Any) -> StreamSettings:
    stream = {"object": "Contact", "operation": "upsert", "field_mapping": MAPPING} | settings
    return Settings.from_config({"streams": {"people": stream}}).for_stream("people")


def resolve(chosen: StreamSettings) -> ResolvedStream:
    objects: Any = KnownObjects(PERSON, ACCOUNT)
    return resolve_stream("people", {name: {} for name in MAPPING}, ["id"], chosen, objects)


def writer(**settings: Any) -> RowWriter:
    chosen = options(**settings)
    resolved = resolve(chosen)
    return make_row_writer("people", resolved, resolved, chosen)


KEY = BatchColumn(header="Key__c", type="string")
PLAN = LoadPlan(
    stream="people",
    sobject="Contact",
    operation=Operation.UPSERT,
    columns=(
        KEY,
        BatchColumn(header="LastName", type="string"),
        BatchColumn(header="Code__c", type="string", case_sensitive=True),
        BatchColumn(header="Account.Key__c", type="string"),
    ),
    key="Key__c",
    parents=("Account",),
)


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        ("upsert", {}),
        ("insert", {"operation": Operation.INSERT, "key": None}),
        ("update", {"operation": Operation.UPDATE, "lookup": True}),
    ],
)
def test_the_plan_of_writes(operation: str, changes: dict[str, Any]) -> None:
    """Columns with type and case, the key, the parents, and whether Ids must be looked up."""
    assert writer(operation=operation).plan == replace(PLAN, **changes)


def test_the_plan_of_deletes_has_the_key_alone() -> None:
    """It is for the records that are deleted in the source; a rule assigns none of them."""
    chosen = replace(options(deletes="delete"), assignment_rule_id="01Q000000000001AAA")
    resolved = resolve(replace(chosen, assignment_rule_id=None))
    assert resolved.deletes is not None
    made = make_row_writer("people", resolved, resolved.deletes, chosen)

    assert made.plan == LoadPlan(
        stream="people",
        sobject="Contact",
        operation=Operation.DELETE,
        columns=(KEY,),
        key="Key__c",
        lookup=True,
    )
    assert made.encoder.header == b'"Key__c"\n'
    assert made.encoder.encode(RECORD | {"code": "far too long"}) == b'"a"\n'


def test_the_rule_that_assigns_records() -> None:
    """It goes with every job that writes."""
    chosen = options()
    resolved = resolve(chosen)
    ruled = replace(chosen, assignment_rule_id="01Q000000000001AAA")
    made = make_row_writer("people", resolved, resolved, ruled)

    assert made.plan == replace(PLAN, assignment_rule_id="01Q000000000001AAA")


def encoded(record: dict[str, Any], **settings: Any) -> bytes | str:
    """The row of a record, or the code of its refusal."""
    try:
        return writer(**settings).encoder.encode(record)
    except RowRefused as refusal:
        return refusal.code


RECORD = {"id": "a", "name": "", "code": None, "account": "b"}
LONG = RECORD | {"code": "123456"}


@pytest.mark.parametrize(
    ("record", "settings", "row"),
    [
        (RECORD, {}, b'"a","#N/A","#N/A","b"\n'),
        (RECORD, {"nulls": "ignore"}, b'"a","#N/A","","b"\n'),
        (RECORD, {"empty_strings": "ignore"}, b'"a","","#N/A","b"\n'),
        (LONG, {}, "STRING_TOO_LONG"),
        (LONG, {"too_long": "truncate"}, b'"a","#N/A","12345","b"\n'),
        (LONG, {"validate_rows": False}, b'"a","#N/A","123456","b"\n'),
    ],
)
def test_the_settings_of_rows(
    record: dict[str, Any], settings: dict[str, Any], row: bytes | str
) -> None:
    """Each of them reaches the encoder."""
    assert encoded(record, **settings) == row


@pytest.mark.parametrize(
    ("deletes", "row"), [("ignore", b'"a","#N/A","#N/A","b"\n'), ("delete", "INVALID_FIELD")]
)
def test_a_record_that_may_be_deleted(deletes: str, row: bytes | str) -> None:
    """Where the stream deletes, one for which this is unclear must not be written."""
    assert encoded(RECORD | {"_sdc_deleted_at": "perhaps"}, deletes=deletes) == row
