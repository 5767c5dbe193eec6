"""Rows that failed for a passing reason are sent again, and every row is accounted for."""

from __future__ import annotations

import csv
import itertools
import re
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import CONTACT, contact, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

LOCK = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"
TRIGGER = (
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:Rollup: execution of AfterUpdate caused by: "
    "System.DmlException: first error: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access:--"
)


def counts(result: Result) -> list[int]:
    """Read, loaded, failed, refused, retried, merged."""
    line = re.search(r"^Contact → Contact +(.*)$", result.stderr, re.MULTILINE)
    assert line, result.stderr
    return [int(number.replace(",", "")) for number in line[1].split()[:6]]


@pytest.mark.parametrize("error", [LOCK, TRIGGER], ids=["plain", "inside a trigger's message"])
def test_a_lock_storm_ends_with_all_loaded(
    org: Emulator, load: Callable[..., Result], error: str
) -> None:
    """20,000 rows of which 5,000 are locked once; only those are sent again."""
    rule = {"error": error, "column": "FirstName", "glob": "locked", "once_per_row": True}
    org.configure(rules=[rule])
    rows = [contact(n, FirstName="locked" if n % 4 == 0 else "free") for n in range(20_000)]

    result = load([schema(), *rows, state(Contact=1)])

    assert (result.code, result.bookmarks) == (0, [{"Contact": 1}]), result.stderr
    assert org.count("Contact") == 20_000
    assert [job["numberRecordsProcessed"] for job in org.jobs()] == [20_000, 5_000]
    assert counts(result) == [20_000, 20_000, 0, 0, 5_000, 0]
    assert result.failed_rows() == []


@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_rows_that_were_left_alone_end_loaded(
    org: Emulator, load: Callable[..., Result], operation: str
) -> None:
    """30 % of a job were not processed when it ended."""
    org.configure(stop_after_rows=1400, stop_times=1)
    result = load([schema(), *(contact(n) for n in range(2000))], operation=operation)

    assert (result.code, org.count("Contact")) == (0, 2000), result.stderr
    assert counts(result) == [2000, 2000, 0, 0, 600, 0]


def test_a_job_that_fails_as_a_whole_for_a_passing_reason(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """It is sent again, once per row."""
    org.configure(fail_jobs_with="InternalServerError : try again", fail_jobs_times=2)
    result = load([schema(), *(contact(n) for n in range(50))], operation="insert")

    assert (result.code, org.count("Contact")) == (0, 50), result.stderr
    assert [job["state"] for job in org.jobs()] == ["Failed", "Failed", "JobComplete"]


def test_retries_come_to_an_end(org: Emulator, load: Callable[..., Result]) -> None:
    """What stays locked is a failed row, with the number of its attempts."""
    rule = {"error": LOCK, "column": "External_Id__c", "glob": "C-7"}
    org.configure(rules=[rule])
    result = load(
        [schema(), *(contact(n) for n in range(10))], row_retries=2, max_failed_percent=100
    )

    assert (result.code, org.count("Contact"), len(org.jobs())) == (0, 9, 3)
    assert [(row["code"], row["attempt"]) for row in result.failed_rows()] == [
        ("UNABLE_TO_LOCK_ROW", "3")
    ]
    assert "Another transaction held the record" in result.stderr


def test_permanent_failures_are_not_sent_again(org: Emulator, load: Callable[..., Result]) -> None:
    """They would only fail again."""
    rows = [contact(1), contact(2, Email="nobody")]
    load([schema(), *rows], validate_rows=False, max_failed_percent=100)

    assert len(org.jobs()) == 1


def test_users_may_name_errors_that_pass(org: Emulator, load: Callable[..., Result]) -> None:
    """As this org's own trigger throws them."""
    rule = {"error": "FIELD_CUSTOM_VALIDATION_EXCEPTION:come back later:--", "times": 3}
    org.configure(rules=[rule])
    result = load(
        [schema(), *(contact(n) for n in range(10))], retryable_errors=["come back later"]
    )

    assert (result.code, org.count("Contact")) == (0, 10), result.stderr


def test_an_older_value_never_overwrites_a_newer_one(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """The locked row of the first job is not sent again after the second job wrote its record."""
    rule = {"error": LOCK, "column": "FirstName", "glob": "old", "times": 2}
    org.configure(rules=[rule])
    rows = [contact(1, FirstName="old"), contact(2, FirstName="old")]
    rows += [contact(1, FirstName="new"), contact(3, FirstName="new")]

    result = load([schema(), *rows], batch_size_rows=2, row_retry_wait_seconds=1)

    assert result.code == 0, result.stderr
    assert {row["External_Id__c"]: row["FirstName"] for row in org.rows("Contact")} == {
        "C-1": "new",
        "C-2": "old",
        "C-3": "new",
    }
    assert counts(result) == [4, 3, 0, 0, 2, 1]


@pytest.mark.parametrize("children_first", [True, False])
def test_rows_whose_parents_come_later(
    org: Emulator, load: Callable[..., Result], *, children_first: bool
) -> None:
    """They are tried once more when the parents must be there."""
    account = {"External_Id__c": {}, "Name": {}}
    child = [schema(properties=CONTACT | {"account": {}})]
    child += [contact(n, account=f"A-{n % 3}") for n in range(30)]
    parents = [schema("Account", account)]
    parents += [record("Account", External_Id__c=f"A-{n}", Name="Acme") for n in range(2)]
    messages = [*child, *parents] if children_first else [*parents, *child]

    result = load(
        messages,
        streams={
            "Contact": {"field_mapping": {"account": "Account.External_Id__c"}},
            "Account": {},
        },
        batch_size_rows=10,
        max_failed_percent=100,
    )

    assert (result.code, org.count("Contact")) == (0, 20), result.stderr
    assert {row["code"] for row in result.failed_rows()} == {"INVALID_FIELD"}
    assert "The parent is not in Salesforce" in result.stderr


def test_siblings_share_a_chunk(org: Emulator, load: Callable[..., Result]) -> None:
    """Rows are sent grouped by parent, so that parents are locked once."""
    org.insert("Account", [{"Name": "x", "External_Id__c": f"A-{n}"} for n in range(3)])
    rows = [contact(n, account=f"A-{n % 3}") for n in range(900)]

    result = load(
        [schema(properties=CONTACT | {"account": {}}), *rows],
        streams={"Contact": {"field_mapping": {"account": "Account.External_Id__c"}}},
    )

    parents = [row["AccountId"] for row in org.rows("Contact")]  # in the order of insertion
    changes = sum(one != other for one, other in itertools.pairwise(parents))
    assert (result.code, len(parents), changes) == (0, 900, 2)


@pytest.mark.parametrize("lost", [30, 300])
def test_identical_rows_of_an_insert_with_partial_failure(
    org: Emulator, load: Callable[..., Result], lost: int
) -> None:
    """Every row is accounted for: loaded, or stored."""
    org.configure(
        rules=[{"error": "DUPLICATES_DETECTED:Use one of these records?:--", "times": lost}]
    )
    rows = [record(LastName="Same") for _ in range(500)]
    properties = {"LastName": {"type": "string"}}

    result = load(
        [schema(properties=properties, key=None), *rows],
        operation="insert",
        max_failed_percent=100,
    )

    assert (result.code, org.count("Contact"), len(result.failed_rows())) == (0, 500 - lost, lost)


def test_a_canary_stops_its_stream_before_the_rest_is_sent(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """Ten rows tell that the mapping is wrong; a thousand need not be sent."""
    rows = [contact(n, Email="nobody") for n in range(1000)]
    result = load(
        [state(Contact=0), schema(), *rows, state(Contact=1)],
        canary_rows=10,
        validate_rows=False,
        state_ledger=False,
    )

    assert (result.code, result.states[-1]) == (1, {"bookmarks": {"Contact": 0}})
    assert [job["numberRecordsProcessed"] for job in org.jobs() if job["state"] != "Aborted"] == [
        10
    ]
    assert "The rest of the stream is not sent" in result.last_line


def test_a_canary_that_sings(org: Emulator, load: Callable[..., Result]) -> None:
    """The rest follows in one job."""
    result = load([schema(), *(contact(n) for n in range(1000))], canary_rows=10)

    assert (result.code, org.count("Contact")) == (0, 1000)
    assert [job["numberRecordsProcessed"] for job in org.jobs()] == [10, 990]


def test_a_stream_stops_early(org: Emulator, load: Callable[..., Result]) -> None:
    """Once 200 rows have an outcome and too many of them failed."""
    rows = [contact(n, Email="nobody") for n in range(2000)]
    result = load([schema(), *rows], batch_size_rows=200, validate_rows=False)

    processed = sum(job.get("numberRecordsProcessed", 0) for job in org.jobs())
    assert result.code == 1
    assert processed <= 600
    assert "max_failed_percent is 1" in result.last_line


def test_rows_that_wait_to_be_sent_again_when_their_stream_stops(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """They are stored as failed, and the summary counts them."""
    locked = {"error": LOCK, "column": "External_Id__c", "glob": "C-?", "once_per_row": True}
    org.configure(rules=[locked])
    rows = [contact(n, Email="nobody" if n >= 100 else None) for n in range(250)]
    result = load(
        [schema(), *rows, state(Contact=1)],
        batch_size_rows=125,
        row_retry_wait_seconds=300,  # nobody waits for what will not be sent
        validate_rows=False,
    )
    codes = Counter(row["code"] for row in result.failed_rows())

    assert result.code == 1
    # Every row before Contact's bookmark has an outcome.
    assert list(result.states[-1]["bookmarks"]) == ["Contact", "target-salesforce-bulk"]
    assert result.states[-1]["bookmarks"]["target-salesforce-bulk"]["failed_rows"] == 160
    assert codes == {"INVALID_EMAIL_ADDRESS": 150, "UNPROCESSED": 10}
    assert counts(result) == [250, 90, 160, 0, 10, 0]


def test_a_later_success_clears_an_older_failure(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """The failed row of a record that is right by now is of no use to anybody."""
    load([schema(), contact(1, Email="nobody"), contact(2, Email="nobody")], max_failed_percent=100)
    result = load([schema(), contact(1)], max_failed_percent=100)

    with closing(sqlite3.connect(result.org_dir / "journal.sqlite3")) as journal:
        assert journal.execute("SELECT key FROM failed_rows").fetchall() == [("C-2",)]


def test_successful_results_are_kept_where_asked(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """Ids go back to the warehouse by our key."""
    org.insert("Contact", [{"LastName": "Old", "External_Id__c": "C-1"}])
    result = load([schema(), contact(1), contact(2)], save_results="all")
    by_key = {row["External_Id__c"]: row["Id"] for row in org.rows("Contact")}

    files = list(result.org_dir.glob("results/*/Contact-*.csv"))
    with files[0].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["External_Id__c"], row["sf__Id"], row["sf__Created"]) for row in rows} == {
        ("C-1", by_key["C-1"], "false"),
        ("C-2", by_key["C-2"], "true"),
    }


def test_a_bad_stream_beside_a_good_one(org: Emulator, load: Callable[..., Result]) -> None:
    """The good one loads to its end and its bookmark moves on."""
    account = {"External_Id__c": {}, "Name": {}}
    messages: list[dict[str, Any]] = [state(Contact=0, Account=0), schema()]
    messages += [contact(n, Email="nobody") for n in range(500)]
    messages += [schema("Account", account)]
    messages += [record("Account", External_Id__c=f"A-{n}", Name="x") for n in range(500)]
    messages += [state(Contact=1, Account=1)]

    result = load(messages, batch_size_rows=100, validate_rows=False, state_ledger=False)

    assert (result.code, org.count("Account")) == (1, 500)
    assert result.bookmarks[-1] == {"Contact": 0, "Account": 1}
