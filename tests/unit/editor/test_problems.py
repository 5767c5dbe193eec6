"""What is said against a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.editor.columns import columns_of
from target_salesforce_bulk.editor.draft import ColumnDraft, Constant, State, StreamDraft
from target_salesforce_bulk.editor.problems import Problem, find_problems
from target_salesforce_bulk.rows.encoder import RowOptions
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from target_salesforce_bulk.editor.stream import SampledStream
    from target_salesforce_bulk.salesforce.objects import Objects

GOOD = {"id": "External_Id__c", "surname": "LastName"}


def draft(mapping: dict[str, str], **more: Any) -> StreamDraft:
    columns = {
        name: ColumnDraft(field=each, state=State.ACCEPTED) for name, each in mapping.items()
    }
    given = {"object": "Contact", "key": "External_Id__c"} | more
    return StreamDraft(columns=columns, **given)


@pytest.fixture
def problems(people: SampledStream, objects: Objects) -> Any:
    def find(mapping: dict[str, str], **more: Any) -> list[Problem]:
        made, sobject = draft(mapping, **more), objects.sobject("Contact")
        columns = columns_of(people, made, sobject, objects.sobject, RowOptions())
        return find_problems(people, made, sobject, columns)

    return find


def test_nothing_is_wrong(problems: Any) -> None:
    """A complete mapping; a parent by its external ID; numbers, which may be whole ones."""
    more = {"company_id": "Account.External_Id__c", "amount": "Rank__c"}

    assert problems({**GOOD, **more}) == []


@pytest.mark.parametrize(
    ("mapping", "more", "problem"),
    [
        (
            {"id": "External_Id__c"},
            {},
            Problem(
                text="LastName (LastName) is required for a new Contact, and nothing fills it. "
                "Choose it for a column, or add a constant.",
                stops=False,
            ),
        ),
        (
            GOOD,
            {"key": "LastName"},
            Problem(
                text="LastName cannot be the key: it is not an external ID of Contact, and records "
                "cannot be looked up by it. Choose one of: External_Id__c, Email, Id."
            ),
        ),
        (
            GOOD,
            {"key": "Email"},
            Problem(text="No column fills the key Email. Give it the one that has it."),
        ),
        (
            GOOD,
            {"key": None},
            Problem(
                text="upsert needs a key: the field that identifies the record of a row. Choose "
                "one above, and a column for it (key of the stream: id)."
            ),
        ),
        (
            {**GOOD, "email": "Email"},
            {},
            Problem(
                text="1 of 3 sample rows would be refused: invalid email address: nothing.",
                column="email",
                stops=False,
            ),
        ),
        (
            {**GOOD, "active": "Birthdate"},
            {},
            Problem(
                text="Values of the type boolean cannot be loaded into Birthdate (Birthdate), "
                "whose type is date.",
                column="active",
            ),
        ),
        (
            {**GOOD, "email": "LastName"},
            {},
            Problem(
                text="LastName is already filled by surname. A field takes one column.",
                column="email",
            ),
        ),
        (
            {**GOOD, "email": "Level__c"},
            {},
            Problem(
                text="Level__c (Level__c) can be set on a new record, but not updated: rows of "
                "records that exist would fail.",
                column="email",
                stops=False,
            ),
        ),
        (
            {**GOOD, "email": "Level__c"},
            {"operation": Operation.UPDATE},
            Problem(text="this user cannot write Level__c with update.", column="email"),
        ),
        (
            {**GOOD, "email": "Emial"},
            {},
            Problem(
                text="Contact has no field Emial, or this user may not see it (did you mean "
                "Email?).",
                column="email",
            ),
        ),
        (
            GOOD,
            {"constants": (Constant(name="rank", field="Rank__c", value="high"),)},
            Problem(
                text="Every row would be refused: Rank__c: value not of required type: high.",
                column="rank",
            ),
        ),
    ],
    ids=lambda each: "",
)
def test_a_problem(
    problems: Any, mapping: dict[str, str], more: dict[str, Any], problem: Problem
) -> None:
    """It says what is wrong, where, and what to do; and nothing else is wrong."""
    assert problems(mapping, **more) == [problem]


def test_an_insert_needs_its_fields(problems: Any) -> None:
    """Without a required one it cannot be loaded at all; it needs no key."""
    found = problems({"email": "FirstName"}, operation=Operation.INSERT, key=None)

    assert [(each.column, each.stops) for each in found] == [(None, True)]


def test_empty_values_of_a_required_field(problems: Any) -> None:
    """On insert, such a row is refused."""
    assert problems({"surname": "LastName"}, operation=Operation.INSERT, key=None) == [
        Problem(
            text="1 of 3 sample rows would be refused: LastName is required, but empty.",
            column="surname",
            stops=False,
        )
    ]


def test_no_object(people: SampledStream, objects: Objects) -> None:
    """Nothing else can be said before there is one."""
    made = draft(GOOD, object=None)
    columns = columns_of(people, made, objects.sobject("Contact"), objects.sobject, RowOptions())

    found = find_problems(people, made, None, columns)

    assert [each.text for each in found] == [
        "No object is chosen. Choose the one that the rows are loaded into."
    ]
