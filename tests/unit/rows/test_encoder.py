"""A record becomes a row, or is refused in Salesforce's terms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from target_salesforce_bulk.mapping.field_map import Column, FieldMap
from target_salesforce_bulk.rows.encoder import (
    MISSING,
    RowEncoder,
    RowOptions,
    RowRefused,
    is_deleted,
    look_up,
)
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.sobject import Field

KEY = Column(
    header="Key__c",
    field=Field(name="Key__c", type="string", length=5, external_id=True),
    path=("key",),
)
NAME = Column(
    header="LastName",
    field=Field(name="LastName", type="string", length=5, nillable=False),
    path=("name",),
)
TITLE = Column(
    header="Title", field=Field(name="Title", type="string", length=5), path=("job", "title")
)
NOON = "2026-03-01T12:00:00Z"


def encoder(
    *columns: Column,
    operation: Operation = Operation.UPSERT,
    deletions: bool = False,
    **options: Any,
) -> RowEncoder:
    """An encoder with the key Key__c, except for an insert."""
    key = None if operation is Operation.INSERT else KEY
    field_map = FieldMap(columns=columns or (KEY, NAME, TITLE), key=key)
    return RowEncoder(field_map, operation, RowOptions(**options), deletions=deletions)


def refused(rows: RowEncoder, record: dict[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    """The reason why a record is not sent."""
    with pytest.raises(RowRefused) as caught:
        rows.encode(record)
    return caught.value.code, caught.value.message, caught.value.fields


def test_a_record_becomes_a_line() -> None:
    """In the order of the columns, by their paths; other properties are left out."""
    rows = encoder()

    assert rows.header == b'"Key__c","LastName","Title"\n'
    assert rows.encode({"name": "Ada", "job": {"title": "x", "y": 1}, "key": "k", "z": 2}) == (
        b'"k","Ada","x"\n'
    )


@pytest.mark.parametrize(
    ("operation", "options", "cells"),
    [
        (Operation.UPSERT, {}, ["", "#N/A", "#N/A"]),
        (Operation.UPDATE, {"nulls": "ignore"}, ["", "", "#N/A"]),
        (Operation.UPSERT, {"empty_strings": "ignore"}, ["", "#N/A", ""]),
        (Operation.INSERT, {}, ["", "", ""]),
    ],
)
def test_missing_null_and_empty(
    operation: Operation, options: dict[str, str], cells: list[str]
) -> None:
    """Missing leaves a field unchanged, null and empty clear it; an insert has nothing to clear."""
    rows = encoder(TITLE, operation=operation, **options)

    found = [rows.cells(each)[0] for each in ({}, {"job": None}, {"job": {"title": ""}})]
    assert found == cells


def test_what_a_column_says_comes_before_the_options() -> None:
    """For nulls, for empty texts and for texts that are too long."""
    own: dict[str, Any] = {"nulls": "ignore", "empty_strings": "clear", "too_long": "truncate"}
    column = Column(header="Title", field=TITLE.field, path=("t",), **own)
    rows = encoder(column, nulls="clear", empty_strings="ignore", too_long="reject")

    found = [rows.cells({"t": each}) for each in (None, "", "sixsix")]
    assert found == [[""], ["#N/A"], ["sixsi"]]


def test_a_constant_needs_no_record() -> None:
    """It is written into every row."""
    column = Column(header="Title", field=TITLE.field, constant="x")

    assert encoder(column).cells({}) == ["x"]


@pytest.mark.parametrize("record", [{}, {"key": None}, {"key": ""}])
def test_a_row_without_key_is_refused(record: dict[str, Any]) -> None:
    """It would write to no record, or to a new one in each run."""
    assert refused(encoder(), record) == (
        "MISSING_ARGUMENT",
        "Key__c not specified: the row has no key",
        ("Key__c",),
    )


def test_a_key_is_never_cut() -> None:
    """It would identify another record; so would a parent's key or another external ID."""
    parent = Column(
        header="Account.Name",
        field=Field(name="Name", type="string", length=5),
        path=("p",),
        reference=Field(name="AccountId", type="reference"),
    )
    other = Column(
        header="Other__c",
        field=Field(name="Other__c", type="string", length=5, external_id=True),
        path=("o",),
    )
    rows = encoder(KEY, parent, other, too_long="truncate")
    message = "data value too large: 6 characters (max length=5)"

    assert [
        refused(rows, {"key": "k", "p": "p", "o": "o"} | {name: "sixsix"}) for name in ("key", "p")
    ] == [
        ("STRING_TOO_LONG", f"{header}: {message}", (header,))
        for header in ("Key__c", "Account.Name")
    ]
    assert refused(rows, {"key": "k", "p": "p", "o": "sixsix"})[2] == ("Other__c",)


@pytest.mark.parametrize("text", ["#N/A", "#N/A!"])
def test_a_text_that_would_clear_its_field_is_refused(text: str) -> None:
    """Also if truncation produces it."""
    field = Field(name="Title", type="string", length=4)
    rows = encoder(
        Column(header="Title", field=field, path=("t",)), KEY, too_long="truncate", nulls="ignore"
    )

    assert refused(rows, {"key": "k", "t": text}) == (
        "INVALID_FIELD",
        "Title: the text #N/A cannot be sent, because it clears the field",
        ("Title",),
    )


def test_required_fields_of_a_new_record() -> None:
    """All that are missing are named; an update may omit them."""
    first = Column(header="First", field=Field(name="First", type="string", nillable=False))
    columns = (TITLE, NAME, first)
    insert = encoder(*columns, operation=Operation.INSERT)
    upsert = encoder(*columns)

    assert refused(insert, {"name": None, "job": {"title": "x"}}) == (
        "REQUIRED_FIELD_MISSING",
        "Required fields are missing: [LastName, First]",
        ("LastName", "First"),
    )
    assert upsert.cells({}) == ["", "", "#N/A"]


def test_without_validation_only_what_cannot_be_written_is_refused() -> None:
    """Salesforce checks the rest."""
    insert = encoder(NAME, operation=Operation.INSERT, validate=False)

    assert (insert.cells({}), insert.cells({"name": "sixsix"})) == ([""], ["sixsix"])


def test_deleted_rows_are_counted() -> None:
    """Those marked as deleted in the source that could be encoded."""
    rows = encoder(deletions=True)

    rows.encode({"key": "a", "_sdc_deleted_at": NOON})
    rows.encode({"key": "b", "_sdc_deleted_at": None})
    refused(rows, {"_sdc_deleted_at": NOON})

    assert rows.deleted_rows == 1


def test_a_deletion_that_cannot_be_told_is_refused() -> None:
    """Only if the stream deletes; otherwise it is an ordinary row."""
    record = {"key": "a", "_sdc_deleted_at": "yes"}
    rows = encoder()

    assert refused(encoder(deletions=True), record)[:1] == ("INVALID_FIELD",)
    assert (rows.encode(record), rows.deleted_rows) == (b'"a","",""\n', 0)


@pytest.mark.parametrize(
    ("value", "deleted"),
    [(NOON, True), (datetime(2026, 3, 1, tzinfo=UTC), True), (None, False), ("", False)],
)
def test_whether_a_record_is_deleted(value: Any, *, deleted: bool) -> None:
    """By the timestamp of the source."""
    assert (is_deleted({"_sdc_deleted_at": value}), is_deleted({})) == (deleted, False)


def test_a_row_that_cannot_be_sent_is_described() -> None:
    """Unchecked: a text that is too long stays whole, and a null still clears."""
    rows = encoder()

    assert rows.describe({"key": None, "name": "sixsix", "job": None}) == {
        "Key__c": "",
        "LastName": "sixsix",
        "Title": "#N/A",
    }
    assert rows.describe({"key": "", "job": {"title": ""}}) == {
        "Key__c": "",
        "LastName": "",
        "Title": "#N/A",
    }


@pytest.mark.parametrize(("record", "key"), [({"key": 7}, "7"), ({"key": None}, None), ({}, None)])
def test_the_key_names_a_record_to_people(record: dict[str, Any], key: str | None) -> None:
    """As text; an insert has none."""
    insert = encoder(KEY, operation=Operation.INSERT)

    assert (encoder().key(record), insert.key(record)) == (key, None)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"a": {"b": 1}}, 1),
        ({"a": {"b": None}}, None),
        ({"a": None}, None),
        ({"a": {}}, MISSING),
        ({"a": "text"}, MISSING),
        ({}, MISSING),
    ],
)
def test_a_path_into_a_record(value: Any, found: Any) -> None:
    """Null if a step is null, missing if a step is absent."""
    assert look_up(value, ("a", "b")) is found
