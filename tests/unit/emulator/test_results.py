"""Result files."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.emulator.org.results import ResultFiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator.org.job import Job

KINDS = ("successfulResults", "failedResults", "unprocessedrecords")


def texts(job: Job) -> list[str]:
    return [job.result(kind).read_text() for kind in KINDS]


def test_the_files_of_an_empty_job(new_job: Callable[..., Job]) -> None:
    """Each has its header, with the client's columns as they were written."""
    job = new_job('Name,"Key__c"\n')
    with ResultFiles(job):
        pass

    assert texts(job) == [
        '"sf__Id","sf__Created",Name,"Key__c"\n',
        '"sf__Id","sf__Error",Name,"Key__c"\n',
        'Name,"Key__c"\n',
    ]


def test_a_row_of_each_file(new_job: Callable[..., Job]) -> None:
    """Every cell is quoted, with the delimiter of the job."""
    job = new_job("Name;Key__c\n", delimiter="SEMICOLON")
    with ResultFiles(job) as results:
        results.add_successful("001", created=True, cells=['A "B"', ""])
        results.add_failed(["C", "D"], "E:m:--", width=2)
        results.add_unprocessed([["F", "G"]])

    assert [text.splitlines()[1] for text in texts(job)] == [
        '"001";"true";"A ""B""";""',
        '"";"E:m:--";"C";"D"',
        '"F";"G"',
    ]


def test_a_row_of_the_wrong_width(new_job: Callable[..., Job]) -> None:
    """Its cells are left blank, so that the file stays rectangular."""
    job = new_job("Name,Key__c\n")
    with ResultFiles(job) as results:
        results.add_failed(["C"], "E:m:--", width=2)

    assert texts(job)[1].splitlines()[1] == '"","E:m:--","",""'


@pytest.mark.parametrize("number", [500, 2500])
def test_rows_are_shuffled(new_job: Callable[..., Job], number: int) -> None:
    """None is lost, also beyond the number of rows that are held back."""
    job = new_job("Name\n")
    rows = [[str(n)] for n in range(number)]
    with ResultFiles(job) as results:
        results.add_unprocessed(rows)
    with job.result("unprocessedrecords").open(newline="") as file:
        found = list(csv.reader(file))[1:]

    assert found != rows
    assert sorted(found, key=lambda row: int(row[0])) == rows
