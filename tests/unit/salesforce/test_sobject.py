"""What describe returns."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.sobject import Field, SObject


def test_names_do_not_tell_upper_from_lower_case() -> None:
    """Of fields and of relationships."""
    account = Field(name="AccountId", type="reference", relationship_name="Account")
    contact = SObject(name="Contact", fields=(account,))

    assert contact.field("ACCOUNTID") is account
    assert contact.reference("account") is account
    assert contact.field("Account") is None


@pytest.mark.parametrize(
    ("operation", "accepted"),
    [
        (Operation.INSERT, {"Name"}),
        (Operation.UPDATE, {"Id", "Title"}),
        (Operation.UPSERT, {"Name", "Title"}),
        (Operation.DELETE, {"Id"}),
        (Operation.HARD_DELETE, {"Id"}),
    ],
)
def test_which_columns_a_job_may_have(operation: Operation, accepted: set[str]) -> None:
    """By what the user may do with the field."""
    fields = (
        Field(name="Id", type="id", createable=False, updateable=False),
        Field(name="Name", type="string", updateable=False),
        Field(name="Title", type="string", createable=False),
    )

    assert {each.name for each in fields if each.accepts(operation)} == accepted


@pytest.mark.parametrize("body", [{}, {"name": "x", "fields": [{}]}, [1]])
def test_a_describe_that_cannot_be_understood(body: Any) -> None:
    """It is refused."""
    with pytest.raises(ResponseError):
        SObject.from_json(body)
