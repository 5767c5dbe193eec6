"""What a job's results say is believed as far as it adds up, and never guessed beyond that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import contact, record, schema, state

from target_salesforce_bulk.emulator import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

LOCK = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"
SEEN = {"LastName": {"type": "string"}, "Last_Seen__c": {"type": "string"}}
SCORE = {"LastName": {"type": "string"}, "Score__c": {"type": ["string", "number"]}}
TIMES = [f"2024-03-11T09:00:00.{millis}Z" for millis in ("000", "123", "456")]
NAMES = '"External_Id__c","FirstName","LastName","Email"'


def answer(org: Emulator, kind: str, body: str) -> None:
    """Let something else come in the place of one of the results, every time."""
    fault = Fault(
        method="GET", path=f"*/{kind}/", kind=FaultKind.STATUS, status=200, body=body, times=-1
    )
    org.inject(fault)


@pytest.mark.parametrize("refused", TIMES)
def test_rows_that_differ_in_milliseconds(
    org: Emulator, load: Callable[..., Result], refused: str
) -> None:
    """The one that was locked is sent again, and no other."""
    rule = {"error": LOCK, "column": "Last_Seen__c", "glob": refused, "once_per_row": True}
    org.configure(rules=[rule])
    rows = [record(LastName="Same", Last_Seen__c=each) for each in TIMES]
    result = load([schema(properties=SEEN, key=None), *rows], operation="insert")

    assert result.code == 0, result.stderr
    assert sorted(row["Last_Seen__c"] for row in org.rows("Contact")) == TIMES


def test_rows_that_differ_in_scale(org: Emulator, load: Callable[..., Result]) -> None:
    """The org keeps both as one number; which of them was refused, the results still tell."""
    scores = ["1.2345678901234567890", "1.2345678901234567891"]
    rule = {"error": LOCK, "column": "Score__c", "glob": scores[1], "once_per_row": True}
    org.configure(rules=[rule])
    rows = [record(LastName="Same", Score__c=each) for each in scores]
    result = load([schema(properties=SCORE, key=None), *rows], operation="insert")

    assert (result.code, org.count("Contact")) == (0, 2), result.stderr
    assert [job["numberRecordsProcessed"] for job in org.jobs()] == [2, 1]


def test_blanks_at_the_ends_of_keys(org: Emulator, load: Callable[..., Result]) -> None:
    """Two keys that differ only there are one record: the later row wins, in one job."""
    rows = [contact(1, FirstName="old"), contact(1, External_Id__c=" C-1\t", FirstName="new")]
    result = load([schema(), *rows])

    assert (result.code, org.count("Contact")) == (0, 1), result.stderr
    assert [row["FirstName"] for row in org.rows("Contact")] == ["new"]


@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_successful_results_against_counts_of_nothing(
    org: Emulator, load: Callable[..., Result], operation: str
) -> None:
    """The job failed before its first row, it says, and yet names two rows as loaded."""
    org.configure(fail_jobs_with="InternalServerError : try again", fail_jobs_times=-1)
    named = "".join(
        f'"003","true","C-{n}","Ada","Number {n}","ada.{n}@example.com"\n' for n in range(2)
    )
    header = '"sf__Id","sf__Created","External_Id__c","FirstName","LastName","Email"\n'
    answer(org, "successfulResults", header + named)
    result = load(
        [schema(key="External_Id__c"), *(contact(n) for n in range(2))],
        operation=operation,
        max_failed_percent=100,
    )

    assert len(org.jobs()) == 1, result.stderr
    assert [row["code"] for row in result.failed_rows()] == ["UNCERTAIN"] * 2


@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_a_row_in_two_files(org: Emulator, load: Callable[..., Result], operation: str) -> None:
    """One answer calls it locked, another loaded: it is not sent again, nor called loaded."""
    locked = {"error": LOCK, "column": "External_Id__c", "glob": "C-1"}
    org.configure(rules=[locked])
    named = "".join(
        f'"003","true","C-{n}","Ada","Number {n}","ada.{n}@example.com"\n' for n in (1, 2)
    )
    header = '"sf__Id","sf__Created","External_Id__c","FirstName","LastName","Email"\n'
    answer(org, "successfulResults", header + named)
    result = load(
        [schema(), *(contact(n) for n in range(3))], operation=operation, max_failed_percent=100
    )

    assert len(org.jobs()) == 1, result.stderr
    assert {row["External_Id__c"]: row["code"] for row in result.failed_rows()} == {
        "C-0": "UNCERTAIN",
        "C-1": "UNCERTAIN",
    }


UNREADABLE = {
    "html": ("<!DOCTYPE html>\n<html><body>Maintenance</body></html>\n", "an HTML page"),
    "no Ids": (f"{NAMES}\n", "has no column sf__id"),
    "cut": (
        '"sf__Id","sf__Error","External_Id__c","FirstName","LastName","Email"\n"","X:y:--","C-',
        "ends in the middle of a row",
    ),
    "no columns": ('"sf__Id","sf__Error","Other"\n"","X:y:--","C-1"\n', "has no column"),
}


@pytest.mark.parametrize("operation", ["insert", "upsert"])
@pytest.mark.parametrize("case", UNREADABLE)
def test_failed_results_that_cannot_be_read(
    org: Emulator, load: Callable[..., Result], operation: str, case: str
) -> None:
    """The row that no readable result names is uncertain, and one line says why."""
    body, why = UNREADABLE[case]
    org.configure(rules=[{"error": LOCK, "column": "External_Id__c", "glob": "C-1"}])
    answer(org, "failedResults", body)
    messages: list[Any] = [schema(), *(contact(n) for n in range(3)), state(Contact=3)]
    result = load(messages, operation=operation, max_failed_percent=100)

    assert len(org.jobs()) == 1
    assert [row["External_Id__c"] for row in result.failed_rows()] == ["C-1"], result.stderr
    assert [row["code"] for row in result.failed_rows()] == ["UNCERTAIN"]
    assert result.stderr.count("the responses do not add up: failedResults") == 1
    assert why in result.stderr
    assert "Traceback" not in result.stderr


def test_ids_that_cannot_be_read(org: Emulator, load: Callable[..., Result]) -> None:
    """Without them the rows are uncertain, and no half of a file is kept."""
    answer(org, "successfulResults", "<html>Maintenance</html>\n")
    result = load([schema(), *(contact(n) for n in range(3))], save_results="all")

    assert [row["code"] for row in result.failed_rows()] == ["UNCERTAIN"] * 3, result.stderr
    assert "the Ids of its records are not kept: successfulResults" in result.stderr
    assert list(result.org_dir.glob("results/*/*")) == []
    assert "Traceback" not in result.stderr
