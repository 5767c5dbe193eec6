"""What is left of an older row beside a newer one of its record."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.journal.order import Written, field_of, left_of

ROW = {"Id": "003", "Key__c": "k", "Phone": "1", "Title": "", "Account.Key__c": "A"}


def written(*fields: str) -> Written:
    return Written(fields=frozenset(fields))


@pytest.mark.parametrize(
    ("newer", "left"),
    [
        (written("Title"), ROW),
        (written("Phone"), ROW | {"Phone": ""}),
        (written("AccountId"), ROW | {"Account.Key__c": ""}),
        (written("Phone", "AccountId"), None),
        (written("Key__c", "Id"), ROW),
        (Written(deletes=True), None),
    ],
)
@pytest.mark.parametrize("loaded", [True, False])
def test_an_older_row_loses_what_a_newer_one_writes(
    newer: Written, left: dict[str, str] | None, *, loaded: bool
) -> None:
    """Its key stays, and nothing stays where nothing but the key would."""
    assert left_of(ROW, "Key__c", newer, loaded=loaded) == left


@pytest.mark.parametrize(("loaded", "left"), [(True, None), (False, {"Key__c": "k"})])
def test_a_delete_before_a_write(*, loaded: bool, left: dict[str, str] | None) -> None:
    """It is of no use once the write is loaded; before that, both are to be sent, in order."""
    newer = written("Phone")

    assert left_of({"Key__c": "k"}, "Key__c", newer, deletes=True, loaded=loaded) == left


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Phone", "Phone"),
        ("Account.Key__c", "AccountId"),
        ("Plan__r.Key__c", "Plan__c"),
        ("User:Owner.Email", "OwnerId"),
    ],
)
def test_the_field_that_a_column_writes(header: str, field: str) -> None:
    """A lookup by the parent's key writes the field that holds the parent's Id."""
    assert field_of(header) == field
