"""Headers of uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.emulator.org.columns import place_of, resolve_column
from target_salesforce_bulk.emulator.org.job import JobFailedError

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator.org.columns import Column
    from target_salesforce_bulk.emulator.org.schema import Schema


def resolve(schema: Schema, name: str) -> Column:
    account = schema.find("Account")
    assert account is not None
    return resolve_column(name, account, schema)


def test_a_field(schema: Schema) -> None:
    """It is found by its name in any case."""
    column = resolve(schema, "kEY__c")

    assert (column.field.name, column.parent) == ("Key__c", None)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Parent.Key__c", ("ParentId", "Account", "Key__c")),
        ("Team:Owner.Key__c", ("OwnerId", "Team", "Key__c")),
        ("User:Owner.Username", ("OwnerId", "User", "Username")),
    ],
)
def test_a_parent(schema: Schema, header: str, found: tuple[str, str, str]) -> None:
    """A relationship and a key of the parent, with its object where several are possible."""
    column = resolve(schema, header)

    assert column.parent is not None
    assert (column.field.name, column.parent.schema.name, column.parent.key.name) == found


@pytest.mark.parametrize(
    ("header", "error"),
    [
        ("Nope__c", "Field name not found : Nope__c"),
        ("Nope.Key__c", "Unable to find relationship: Nope"),
        ("Parent.Name", "Field name not found : Parent.Name"),
        ("Parent.Nope", "Field name not found : Parent.Nope"),
        ("Owner.Username", "Field name not found : Owner.Username"),
        ("Account:Owner.Key__c", "Field name not found : Account:Owner.Key__c"),
        (
            "Account:Parent.Key__c",
            "type is not needed for non polymorphic foreign key references: Parent",
        ),
    ],
)
def test_a_header_that_fails_the_job(schema: Schema, header: str, error: str) -> None:
    """With Salesforce's message."""
    with pytest.raises(JobFailedError) as caught:
        resolve(schema, header)

    assert str(caught.value) == f"InvalidBatch : {error}"


def test_the_place_of_a_field(schema: Schema) -> None:
    """Its own column, and not one of a parent's field of the same name."""
    account = schema.find("Account")
    assert account is not None
    key = account.field("Key__c")
    headers = (["Parent.Key__c", "KEY__C"], ["Parent.Key__c"])

    assert [place_of(key, header) for header in headers] == [1, None]
