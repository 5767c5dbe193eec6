"""What is suggested for whole tables, measured on labelled ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from crm_objects import describes
from labelled_tables import LabelledTable, labelled_tables

from target_salesforce_bulk.mapping.suggest.suggestion import Suggester, Suggestion
from target_salesforce_bulk.mapping.suggest.table import Table
from target_salesforce_bulk.salesforce.sobject import SObject

if TYPE_CHECKING:
    from collections.abc import Iterable


@cache
def suggester() -> Suggester:
    return Suggester([SObject.from_json(each) for each in describes().values()])


def suggested(table: LabelledTable, *, given: bool = False) -> Suggestion:
    """What is suggested, with the object given or not; each is computed once."""
    known = (table.name, given)
    if known not in SUGGESTED:
        read = Table.from_schema(table.message, table.samples)
        SUGGESTED[known] = suggester().suggest(read, table.object if given else None)
    return SUGGESTED[known]


SUGGESTED: dict[tuple[str, bool], Suggestion] = {}


@dataclass
class Tally:
    """How many suggestions are right, wrong, wanted, and wrong where none is wanted."""

    right: int = 0
    wrong: int = 0
    wanted: int = 0
    must_not: int = 0
    false: int = 0

    def add(self, table: LabelledTable, found: Suggestion) -> None:
        """Count the columns of a table."""
        for column in table.columns:
            field = found.fields[column.name].field
            is_wrong = field is not None and field not in column.right | column.will_do
            self.right += field in column.right
            self.wrong += is_wrong
            self.wanted += bool(column.right)
            self.must_not += not column.right
            self.false += is_wrong and not column.right


DEVELOPED = labelled_tables("exports", "developed")
HOLDOUT = labelled_tables("holdout")


@pytest.mark.parametrize("table", DEVELOPED, ids=lambda each: each.name)
def test_object_and_key(table: LabelledTable) -> None:
    """The object by name and columns, the key by its column."""
    found = suggested(table)

    assert found.object in {table.object, *table.also}
    assert suggested(table, given=bool(table.also)).key in table.keys


def tally(tables: list[LabelledTable]) -> Tally:
    found = Tally()
    for each in tables:
        found.add(each, suggested(each, given=bool(each.also)))
    return found


def test_fields() -> None:
    """The floors leave room for what a word more in the vocabulary may cost elsewhere."""
    found = tally(DEVELOPED)

    assert found.wanted > 600
    assert found.must_not > 800
    assert found.right / (found.right + found.wrong) >= 0.98
    assert found.right / found.wanted >= 0.97
    assert found.false / found.must_not <= 0.01


def test_tables_that_the_vocabulary_was_not_made_for() -> None:
    """What can be promised for tables of other people."""
    found = tally(HOLDOUT)
    objects = [suggested(each).object in {each.object, *each.also} for each in HOLDOUT]
    keys = [suggested(each, given=bool(each.also)).key in each.keys for each in HOLDOUT]

    assert sum(objects) / len(HOLDOUT) >= 0.95
    assert sum(keys) / len(HOLDOUT) >= 0.8
    assert found.right / (found.right + found.wrong) >= 0.97
    assert found.right / found.wanted >= 0.95
    assert found.false / found.must_not <= 0.01


def table(name: str, columns: Iterable[str]) -> Table:
    properties = {each: {"type": ["null", "string"]} for each in columns}
    return Table.from_schema({"stream": name, "schema": {"properties": properties}}, {})


def test_as_json() -> None:
    """All that a program needs, with what else may fit."""
    found = suggester().suggest(table("people", ["surname", "family", "home_city"]))
    city: dict[str, Any] = found.as_json()["fields"]["home_city"]

    assert found.as_json() == {
        "object": "Contact",
        "operation": "insert",
        "key": None,
        "fields": {
            "surname": {
                "field": "LastName",
                "score": 0.916,
                "reason": "synonym",
                "alternatives": [],
            },
            "family": {
                "field": None,
                "score": 0.0,
                "reason": "another column fits LastName better",
                "alternatives": [{"field": "LastName", "score": 0.904}],
            },
            "home_city": city,
        },
    }
    assert city == {
        "field": "MailingCity",
        "score": 0.916,
        "reason": "synonym",
        "alternatives": [{"field": "OtherCity", "score": 0.516}],
    }


def test_a_given_object() -> None:
    """It goes before what name and columns say."""
    found = suggester().suggest(table("contacts", ["company"]), "Lead")

    assert (found.object, found.fields["company"].field) == ("Lead", "Company")


def test_no_object() -> None:
    """Nothing is suggested for a table that resembles none."""
    found = suggester().suggest(table("pageviews", ["xpos", "ypos"]))

    assert (found.object, found.operation, found.key) == (None, None, None)
    assert {each.reason for each in found.fields.values()} == {"no object fits the table"}


HOSTILE = [
    "",
    " ",
    "\x00\x1b[31m",
    "💥" * 50,
    "e" * 10_000,
    "company" * 2_000,
    "first_name_" * 1_000,
    "1" * 10_000,
    "\u0301" * 1_000,
    "\u0130_\ufb00",
]


def test_hostile_names_and_values() -> None:
    """No name and no value breaks it; nothing is suggested for what is no word."""
    values = [{"a": 1}, [1, [2]], 10**400, float("nan"), "\ud800", "x" * 100_000, None, True]
    properties = {each: {"type": ["null", "string"]} for each in HOSTILE}
    message = {"stream": "💥\x00", "schema": {"properties": properties}}
    found = suggester().suggest(Table.from_schema(message, dict.fromkeys(HOSTILE, values)))

    assert set(found.fields) == set(HOSTILE)
    assert {each.field for each in found.fields.values()} == {None}
