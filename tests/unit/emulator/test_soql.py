"""The subset of SOQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.emulator.org.refusal import RefusalError
from target_salesforce_bulk.emulator.org.soql import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.records import Records

ACCOUNTS = [
    {"Name": "Ada", "Key__c": "A-1", "Size__c": 1.0, "Active__c": True},
    {"Name": "bob", "Key__c": "A-2", "Size__c": 20.0, "Active__c": False},
    {"Name": "O'Hara AND x", "Key__c": "A-3", "Size__c": None, "Active__c": False},
]

SELECTED = [
    ("", ["Ada", "bob", "O'Hara AND x"]),
    ("WHERE Name = 'ADA'", ["Ada"]),
    ("WHERE Name != 'ADA'", ["bob", "O'Hara AND x"]),
    (r"WHERE Name = 'O\'Hara AND x' AND Active__c = false", ["O'Hara AND x"]),
    ("WHERE Active__c = TRUE", ["Ada"]),
    ("WHERE Size__c = null", ["O'Hara AND x"]),
    ("WHERE Size__c > 2", ["bob"]),
    ("WHERE Size__c >= 1 AND Size__c <= 20", ["Ada", "bob"]),
    ("WHERE Size__c < 1", []),
    ("WHERE Name LIKE '%A_D%'", ["O'Hara AND x"]),
    ("WHERE Name IN ('ada', 'Bob')", ["Ada", "bob"]),
    ("WHERE Key__c IN ('a-3', 'A-1', 'none')", ["Ada", "O'Hara AND x"]),
    ("ORDER BY Size__c DESC", ["bob", "Ada", "O'Hara AND x"]),
    ("order by Name limit 2", ["Ada", "bob"]),
]

REFUSED = [
    ("DELETE FROM Account", "MALFORMED_QUERY"),
    ("SELECT Id FROM Account WHERE Name ~ 'x'", "MALFORMED_QUERY"),
    ("SELECT Id FROM Nope", "INVALID_TYPE"),
    ("SELECT Nope FROM Account", "INVALID_FIELD"),
    ("SELECT Id FROM Account WHERE Nope = 1", "INVALID_FIELD"),
    ("SELECT Id FROM Account ORDER BY Nope", "INVALID_FIELD"),
]


@pytest.mark.parametrize(("clauses", "names"), SELECTED)
def test_which_records_a_query_selects(
    records: Records, insert: Callable[..., str], clauses: str, names: list[str]
) -> None:
    """Conditions, order and limit; text is compared without regard to case."""
    for values in ACCOUNTS:
        insert(**values)
    rows = parse(f"SELECT Name FROM Account {clauses}", records.schema).run(records)

    assert [row["Name"] for row in rows] == names


@pytest.mark.parametrize(
    ("text", "fields", "count_only"),
    [
        ("SELECT Id, key__c FROM account", ["Id", "Key__c"], False),
        ("select COUNT( ) from Account", [], True),
    ],
)
def test_what_a_query_asks_for(
    records: Records, text: str, fields: list[str], count_only: bool
) -> None:
    """Fields by their own names, or the count alone."""
    query = parse(text, records.schema)

    assert (query.schema.name, [each.name for each in query.fields], query.count_only) == (
        "Account",
        fields,
        count_only,
    )


@pytest.mark.parametrize(("text", "code"), REFUSED)
def test_a_refused_query(records: Records, text: str, code: str) -> None:
    """With Salesforce's code."""
    with pytest.raises(RefusalError) as caught:
        parse(text, records.schema)

    assert caught.value.code == code
