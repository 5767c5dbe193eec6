"""What one row does to the org."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.emulator.org.dml import Outcome, RowError, RowProcessor
from target_salesforce_bulk.emulator.org.job import JobFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.records import Records

UNKNOWN = "001000000000001AAA"
NO_SUCH_RECORD = "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:"


@pytest.fixture
def processor(records: Records) -> Callable[..., RowProcessor]:
    """A processor of rows with these columns."""

    def make(operation: str, *header: str, key: str | None = None) -> RowProcessor:
        schema = records.schema.find("Account")
        assert schema is not None
        return RowProcessor(records, schema, operation, key, list(header))

    return make


@pytest.fixture
def accounts(records: Records) -> Callable[..., list[tuple[Any, ...]]]:
    """These fields of all accounts."""

    def read(*names: str) -> list[tuple[Any, ...]]:
        return [tuple(row.get(name) for name in names) for row in records.rows("Account")]

    return read


def rejection(processor: RowProcessor, *cells: str) -> str:
    """The `sf__Error` of a row."""
    with pytest.raises(RowError) as caught:
        processor.apply(list(cells))
    return str(caught.value)


def test_an_insert(
    processor: Callable[..., RowProcessor], accounts: Callable[..., list[tuple[Any, ...]]]
) -> None:
    """The result has the new id and the cells as the org prints them."""
    outcome = processor("insert", "Name", "Size__c", "Key__c").apply(["Acme", "10000000", ""])
    (stored,) = accounts("Id", "Name", "Size__c", "Key__c")

    assert stored == (outcome.id, "Acme", 10000000.0, None)
    assert outcome == Outcome(outcome.id, created=True, cells=["Acme", "1.0E7", ""])


def test_an_update(
    processor: Callable[..., RowProcessor],
    accounts: Callable[..., list[tuple[Any, ...]]],
    insert: Callable[..., str],
) -> None:
    """An empty cell leaves a value alone, and `#N/A` removes it."""
    record_id = insert(Name="Acme", Key__c="A-1", Size__c=1.0)
    update = processor("update", "Id", "Name", "Key__c", "Size__c")
    outcome = update.apply([record_id, "New", "", "#N/A"])

    assert outcome == Outcome(record_id, created=False, cells=[record_id, "New", "", ""])
    assert accounts("Name", "Key__c", "Size__c") == [("New", "A-1", None)]


@pytest.mark.parametrize(("cell", "created"), [("a-1", False), ("A-2", True)])
def test_an_upsert(
    processor: Callable[..., RowProcessor],
    accounts: Callable[..., list[tuple[Any, ...]]],
    insert: Callable[..., str],
    cell: str,
    created: bool,
) -> None:
    """A known key, in any case, updates its record; an unknown one makes a record."""
    record_id = insert(Name="Acme", Key__c="A-1")
    outcome = processor("upsert", "Key__c", "Name", key="Key__c").apply([cell, "New"])

    assert (outcome.created, outcome.id != record_id) == (created, created)
    assert (cell, "New") in accounts("Key__c", "Name")


def test_an_upsert_by_id(
    processor: Callable[..., RowProcessor], accounts: Callable[..., list[tuple[Any, ...]]]
) -> None:
    """An empty Id makes a record; an unknown one is rejected."""
    upsert = processor("upsert", "Id", "Name", key="Id")

    made = [upsert.apply([cell, "New"]) for cell in ("", "#N/A")]

    assert [each.created for each in made] == [True, True]
    assert rejection(upsert, UNKNOWN, "New") == f"{NO_SUCH_RECORD}--"
    assert accounts("Id", "Name") == [(each.id, "New") for each in made]


def test_a_deleted_record_can_only_be_erased(
    processor: Callable[..., RowProcessor], insert: Callable[..., str]
) -> None:
    """`delete` moves it to the recycle bin, `hardDelete` out of it."""
    record_id = insert(Name="Acme")
    delete, erase = processor("delete", "Id"), processor("hardDelete", "id")

    assert delete.apply([record_id]) == Outcome(record_id, created=False, cells=[record_id])
    assert rejection(delete, record_id) == "ENTITY_IS_DELETED:entity is deleted:--"
    assert erase.apply([record_id]) == Outcome(record_id, created=False, cells=[record_id])
    assert rejection(erase, record_id) == f"{NO_SUCH_RECORD}--"


def test_a_parent_is_looked_up(
    processor: Callable[..., RowProcessor],
    accounts: Callable[..., list[tuple[Any, ...]]],
    insert: Callable[..., str],
) -> None:
    """Its id is stored; the result shows the key as it was sent."""
    parent_id = insert(Name="Acme", Key__c="A-1")
    outcome = processor("insert", "Name", "Parent.Key__c").apply(["Child", "a-1"])

    assert outcome.cells == ["Child", "a-1"]
    assert accounts("Name", "ParentId") == [("Acme", None), ("Child", parent_id)]


REJECTED_INSERTS = [
    (("Name",), ("",), "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"),
    (
        ("Name", "Key__c"),
        ("x",),
        "INVALID_FIELD:Number of fields in header is different from the row. header = 2 row = 1:--",
    ),
    (
        ("Name", "Active__c"),
        ("x", "maybe"),
        "INVALID_FIELD:Failed to deserialize field at col 1. Due to, 'maybe' is not a valid value "
        "for the type xsd:boolean:Active__c --",
    ),
    (
        ("Name",),
        ("x" * 11,),
        f"STRING_TOO_LONG:Name: data value too large: {'x' * 11} (max length=10):Name --",
    ),
    (
        ("Name", "Serial__c"),
        ("x", "1"),
        "INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: Serial__c. Please check "
        "the security settings of this field and verify that it is read/write for your profile or "
        "permission set.:Serial__c --",
    ),
    (("Name", "ParentId"), ("x", UNKNOWN), f"{NO_SUCH_RECORD}ParentId --"),
    (
        ("Name", "Parent.Id"),
        ("x", "gone"),
        "INVALID_FIELD:Foreign key external ID: gone not found for field Id in entity Account:--",
    ),
    (
        ("Name", "Parent.Key__c"),
        ("x", "gone"),
        "INVALID_FIELD:Foreign key external ID: gone not found for field Key__c in entity "
        "Account:--",
    ),
]


@pytest.mark.parametrize(("header", "cells", "error"), REJECTED_INSERTS)
def test_a_rejected_insert(
    processor: Callable[..., RowProcessor],
    accounts: Callable[..., list[tuple[Any, ...]]],
    header: tuple[str, ...],
    cells: tuple[str, ...],
    error: str,
) -> None:
    """It has Salesforce's code, message and fields, and stores nothing."""
    assert rejection(processor("insert", *header), *cells) == error
    assert accounts("Id") == []


def test_a_key_with_several_parents(
    processor: Callable[..., RowProcessor], insert: Callable[..., str]
) -> None:
    """The error lists them."""
    found = [insert(Group__c="G") for _ in range(2)]
    error = rejection(processor("insert", "Name", "Parent.Group__c"), "x", "G")

    assert error == (
        f"INVALID_FIELD:More than one record found for external id field: {found}:ParentId --"
    )


def test_a_key_with_several_records(
    processor: Callable[..., RowProcessor], insert: Callable[..., str]
) -> None:
    """An upsert does not choose between them."""
    found = [insert(Group__c="G") for _ in range(2)]
    error = rejection(processor("upsert", "Group__c", key="Group__c"), "G")

    assert error == (
        f"DUPLICATE_EXTERNAL_ID:Group__c: more than one record found for external id field: "
        f"{found}:Group__c --"
    )


@pytest.mark.parametrize("cell", ["", "#N/A"])
def test_an_upsert_without_a_key(processor: Callable[..., RowProcessor], cell: str) -> None:
    """It is rejected."""
    error = rejection(processor("upsert", "Key__c", "Name", key="Key__c"), cell, "x")

    assert error == "MISSING_ARGUMENT:Key__c not specified:Key__c --"


def test_an_update_without_an_id(processor: Callable[..., RowProcessor]) -> None:
    """It is rejected."""
    error = rejection(processor("update", "Id", "Name"), "", "x")

    assert error == "MISSING_ARGUMENT:Id not specified in an update call:--"


def test_a_required_field_cannot_be_removed(
    processor: Callable[..., RowProcessor], insert: Callable[..., str]
) -> None:
    """By `#N/A` in an update."""
    error = rejection(processor("update", "Id", "Name"), insert(Name="Acme"), "#N/A")

    assert error == "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"


def test_a_field_that_only_an_insert_may_write(processor: Callable[..., RowProcessor]) -> None:
    """An update of it is rejected."""
    outcome = processor("insert", "Name", "Origin__c").apply(["Acme", "Web"])
    error = rejection(processor("update", "Id", "Origin__c"), outcome.id, "Fair")

    assert error.partition(":")[0] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_unique_value_is_taken(
    processor: Callable[..., RowProcessor], insert: Callable[..., str]
) -> None:
    """By a record, in any case; the error has its id."""
    other = insert(Name="Acme", Key__c="A-1")
    error = rejection(processor("insert", "Name", "Key__c"), "x", "a-1")

    assert error == (
        f"DUPLICATE_VALUE:duplicate value found: Key__c duplicates value on record with id: "
        f"{other}:--"
    )


def test_a_record_keeps_its_unique_value(
    processor: Callable[..., RowProcessor], insert: Callable[..., str]
) -> None:
    """An update that repeats it is no duplicate."""
    record_id = insert(Name="Acme", Key__c="A-1")
    outcome = processor("update", "Id", "Key__c").apply([record_id, "A-1"])

    assert outcome == Outcome(record_id, created=False, cells=[record_id, "A-1"])


def test_a_key_comes_once_in_a_chunk(processor: Callable[..., RowProcessor]) -> None:
    """A second upsert of it is rejected there, and accepted in the next chunk."""
    upsert = processor("upsert", "Key__c", "Name", key="Key__c")
    first = upsert.apply(["A-1", "One"])
    error = rejection(upsert, "a-1", "Two")
    upsert.begin_chunk()

    assert error == "DUPLICATE_VALUE:Duplicate external id specified: a-1:Key__c --"
    assert upsert.apply(["a-1", "Two"]) == Outcome(first.id, created=False, cells=["a-1", "Two"])


@pytest.mark.parametrize(
    ("operation", "header", "error"),
    [
        ("delete", ("Id", "Name"), "The 'delete' batch must contain only ids."),
        ("hardDelete", ("Name",), "The 'delete' batch must contain only ids."),
        ("upsert", ("Name",), "Field name not found : Key__c"),
        ("insert", ("Nope",), "Field name not found : Nope"),
    ],
)
def test_a_header_that_fails_the_job(
    processor: Callable[..., RowProcessor], operation: str, header: tuple[str, ...], error: str
) -> None:
    """A delete takes only ids, and an upsert needs its key."""
    with pytest.raises(JobFailedError) as caught:
        processor(operation, *header, key="Key__c")

    assert str(caught.value) == f"InvalidBatch : {error}"
