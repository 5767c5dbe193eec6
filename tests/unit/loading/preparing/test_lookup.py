"""Rows get the Ids of their records; those without exactly one record fail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from sample_batches import make_batch, make_plan

from target_salesforce_bulk.errors import ResponseError, UnreachableError
from target_salesforce_bulk.journal.batch import BatchColumn
from target_salesforce_bulk.journal.failed_rows import read_refused
from target_salesforce_bulk.loading.preparing.lookup import KeyLookup
from target_salesforce_bulk.rows.csvfile import CsvFile, encode_row, read_rows
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch

BY_IN = "SELECT Id, Key__c FROM Contact WHERE Key__c IN ('{}')"
BY_ALL = "SELECT Id, Key__c FROM Contact WHERE Key__c != null"


class Org:
    """Answers queries with records that it is given, as pairs of Id and key."""

    def __init__(self, *records: Any) -> None:
        self._records = records
        self.asked: list[tuple[str, str]] = []

    def select(self, soql: str) -> Iterator[dict[str, Any]]:
        self.asked.append(("select", soql))
        return (dict(zip(("Id", "Key__c"), each, strict=False)) for each in self._records)

    def bulk(self, soql: str) -> Iterator[list[str]]:
        self.asked.append(("bulk", soql))
        return map(list, self._records)


def batch(
    folder: Path, *keys: str, operation: Operation = Operation.UPDATE, rows: int | None = None
) -> Batch:
    """A batch of contacts with these keys, named A0, A1 and so on."""
    file = CsvFile.create(folder / "rows.csv", encode_row(["LastName", "Key__c"]))
    for number, key in enumerate(keys):
        file.write(encode_row([f"A{number}", key]))
    file.seal()
    columns = tuple(BatchColumn(header=name, type="string") for name in ("LastName", "Key__c"))
    plan = make_plan(operation=operation, columns=columns, lookup=True)
    return make_batch(folder, plan=plan, rows=len(keys) if rows is None else rows)


def run(made: Batch, org: Org) -> tuple[int, int]:
    return KeyLookup(made, cast("Any", org)).run()


def failed(made: Batch) -> list[tuple[Any, ...]]:
    return [
        (row.key, row.same_key, row.error.code, row.error.message, row.row)
        for row in read_refused(made.unresolved)
    ]


def test_ids_stand_in_front(tmp_path: Path) -> None:
    """All columns are kept; the key by which Ids were looked up is not sent."""
    made = batch(tmp_path, "a", "B")
    org = Org(("003b", "b"), ("003a", "A"))

    assert run(made, org) == (2, made.upload.stat().st_size)
    assert list(read_rows(made.csv)) == [
        ["Id", "LastName", "Key__c"],
        ["003a", "A0", "a"],
        ["003b", "A1", "B"],
    ]
    assert list(read_rows(made.upload)) == [["Id", "LastName"], ["003a", "A0"], ["003b", "A1"]]
    assert list(read_rows(made.original)) == [["LastName", "Key__c"], ["A0", "a"], ["A1", "B"]]
    assert org.asked == [("select", BY_IN.format("a', 'B"))]
    assert failed(made) == []


def test_a_delete_sends_ids_alone(tmp_path: Path) -> None:
    """Salesforce refuses other columns."""
    made = batch(tmp_path, "a", operation=Operation.DELETE)
    run(made, Org(("003a", "a")))

    assert list(read_rows(made.upload)) == [["Id"], ["003a"]]


def test_rows_without_exactly_one_record_fail(tmp_path: Path) -> None:
    """Each with its cells and the reason; the others are sent."""
    made = batch(tmp_path, "none", "a", "Two")
    org = Org(("0031", "two"), ("003a", "a"), ("0032", "TWO"))

    rows, _ = run(made, org)

    assert (rows, list(read_rows(made.upload))[1:]) == (1, [["003a", "A1"]])
    assert failed(made) == [
        (
            "none",
            "none",
            "NOT_FOUND",
            "no Contact has Key__c none",
            {"LastName": "A0", "Key__c": "none"},
        ),
        (
            "Two",
            "two",
            "DUPLICATE_EXTERNAL_ID",
            "Key__c: more than one Contact has the value Two: 0031, 0032",
            {"LastName": "A2", "Key__c": "Two"},
        ),
    ]
    assert made.unresolved.stat().st_mode & 0o777 == 0o600


def test_a_record_that_comes_twice_is_one(tmp_path: Path) -> None:
    """A page of a query may repeat it."""
    made = batch(tmp_path, "a")

    assert run(made, Org(("003a", "a"), ("003a", "a")))[0] == 1


@pytest.mark.parametrize(("rows", "way"), [(4000, "select"), (4001, "bulk")])
def test_many_keys_are_read_by_one_query_job(tmp_path: Path, rows: int, way: str) -> None:
    """It reads all keys of the object, which costs less than queries for that many."""
    made = batch(tmp_path, "a", "b", rows=rows)
    org = Org(("003a", "a"), ("003c", "c"))

    assert run(made, org)[0] == 1
    assert org.asked == [(way, BY_ALL if way == "bulk" else BY_IN.format("a', 'b"))]


def test_a_key_cannot_end_its_query(tmp_path: Path) -> None:
    """Quotes in it are escaped."""
    made = batch(tmp_path, "a') OR (Name != '")
    org = Org()
    run(made, org)

    assert org.asked == [("select", BY_IN.format(r"a\') OR (Name != \'"))]


def test_doing_it_again_after_a_crash(tmp_path: Path) -> None:
    """What a run that died had begun to write is replaced."""
    made = batch(tmp_path, "a", "none")
    for name in ("rows.resolving", "upload.csv", "unresolved.jsonl"):
        (tmp_path / name).write_text("half a row, and longer than what is to be written" * 99)

    assert run(made, Org(("003a", "a")))[0] == 1
    assert list(read_rows(made.csv))[1:] == [["003a", "A0", "a"]]
    assert [each[0] for each in failed(made)] == ["none"]


@pytest.mark.parametrize(
    ("rows", "records"),
    [(1, [(None, "a")]), (1, [("003a", None)]), (1, [("003a",)]), (9999, [("003a",)])],
)
def test_an_answer_without_id_or_key(tmp_path: Path, rows: int, records: list[Any]) -> None:
    """Nothing is changed: to send rows without their Ids, or to fail them, would be wrong."""
    made = batch(tmp_path, "a", rows=rows)

    with pytest.raises(ResponseError):
        run(made, Org(*records))
    assert {each.name for each in tmp_path.iterdir()} == {"rows.csv"}


def test_a_query_that_fails_changes_nothing(tmp_path: Path) -> None:
    """The rows are looked up again later."""

    class Down(Org):
        def select(self, soql: str) -> Iterator[dict[str, Any]]:
            raise UnreachableError("no answer")

    made = batch(tmp_path, "a")
    with pytest.raises(UnreachableError):
        run(made, Down())
    assert {each.name for each in tmp_path.iterdir()} == {"rows.csv"}


def test_case_counts_where_the_field_says_so(tmp_path: Path) -> None:
    """Then two keys that differ in case alone are two records."""
    made = batch(tmp_path, "a", "A")
    columns = (made.plan.columns[0], replace(made.plan.columns[1], case_sensitive=True))
    made = replace(made, plan=replace(made.plan, columns=columns))

    run(made, Org(("0031", "a"), ("0032", "A")))

    assert list(read_rows(made.upload))[1:] == [["0031", "A0"], ["0032", "A1"]]
