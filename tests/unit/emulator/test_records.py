"""Stored records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.emulator.org.records import Records, fold
from target_salesforce_bulk.emulator.org.schema import FieldSchema

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from target_salesforce_bulk.emulator.org.schema import ObjectSchema, Schema

STAMPS = {"CreatedDate", "LastModifiedDate", "SystemModstamp"}


@pytest.fixture
def account(schema: Schema) -> ObjectSchema:
    found = schema.find("Account")
    assert found is not None
    return found


@pytest.fixture
def find(records: Records, account: ObjectSchema) -> Callable[[str, Any], list[str]]:
    """The ids of the accounts with a value in a field."""

    def run(name: str, value: Any) -> list[str]:
        field = account.field(name)
        assert field is not None
        return records.find_by_key(account, field, value)

    return run


def plain(records: Records) -> list[dict[str, Any]]:
    """All accounts without what depends on the time."""
    rows = records.rows("Account")
    return [{name: row[name] for name in row if name not in STAMPS} for row in rows]


def test_a_new_record(records: Records, insert: Callable[..., str]) -> None:
    """It has its values, the defaults of its object, and an id with the object's prefix."""
    assert insert(Name="Acme") == "0015g0000000001AAA"
    assert plain(records) == [{"Id": "0015g0000000001AAA", "Name": "Acme", "Active__c": False}]


def test_an_update(records: Records, account: ObjectSchema, insert: Callable[..., str]) -> None:
    """It changes the given values and keeps the others."""
    record_id = insert(Name="Acme", Size__c=1.0)
    records.update(account, record_id, {"Size__c": None})

    assert plain(records) == [
        {"Id": record_id, "Name": "Acme", "Active__c": False, "Size__c": None}
    ]


@pytest.mark.parametrize("key", ["Key__c", "Name", "Id"], ids=["indexed", "not indexed", "Id"])
def test_a_lookup(insert: Callable[..., str], find: Callable[..., list[str]], key: str) -> None:
    """By a field with an index, by one without, and by a short id."""
    record_id = insert(Name="Acme", Key__c="A-1")
    insert(Name="Other", Key__c="A-2")
    value = {"Key__c": "a-1", "Name": "ACME", "Id": record_id[:15]}[key]

    assert find(key, value) == [record_id]


@pytest.mark.parametrize("value", ["", "001", "x" * 15, "0015g0000000009"])
def test_a_lookup_by_an_id_that_does_not_exist(find: Callable[..., list[str]], value: str) -> None:
    """It finds nothing, also where the text is too short for an id."""
    assert find("Id", value) == []


def test_a_changed_key(
    records: Records,
    account: ObjectSchema,
    insert: Callable[..., str],
    find: Callable[..., list[str]],
) -> None:
    """The record is found by its new key, and no longer by the old one."""
    record_id = insert(Key__c="old")
    records.update(account, record_id, {"Key__c": "new"})

    assert (find("Key__c", "old"), find("Key__c", "new")) == ([], [record_id])


@pytest.mark.parametrize(("hard", "state"), [(False, "deleted"), (True, "unknown")])
def test_a_deleted_record(
    records: Records,
    account: ObjectSchema,
    insert: Callable[..., str],
    find: Callable[..., list[str]],
    hard: bool,
    state: str,
) -> None:
    """It is in the recycle bin or erased, and neither listed, counted nor found."""
    record_id = insert(Key__c="A-1")
    records.delete(record_id, hard=hard)

    assert records.state(account, record_id) == state
    assert (plain(records), records.count("Account"), find("Key__c", "A-1")) == ([], 0, [])


@pytest.mark.parametrize(("sensitive", "text"), [(False, "ab"), (True, "aB")])
def test_the_case_of_keys(sensitive: bool, text: str) -> None:
    """It counts only in fields that say so."""
    field = FieldSchema({"name": "Key__c", "type": "string", "caseSensitive": sensitive})

    assert fold(field, "aB") == text


def test_records_outlive_their_database_connection(schema: Schema, tmp_path: Path) -> None:
    """In a file; the one user is not created again."""
    path = tmp_path / "org.sqlite3"
    first = Records(schema, path)
    first.close()
    second = Records(schema, path)
    users = list(second.rows("User"))
    second.close()

    assert [user["Id"] for user in users] == [first.user_id]
    assert second.user_id == first.user_id


def test_job_ids_are_not_reused(records: Records) -> None:
    """Each is one more than the last."""
    assert [records.next_job_id() for _ in range(2)] == [
        "7505g0000000001AAA",
        "7505g0000000002AAA",
    ]
