"""The whole way, as a process: from Singer messages to records in the org, and back to STATE."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import CONTACT, contact, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator


def by_key(org: Emulator, *fields: str) -> dict[str, Any]:
    """The contacts of the org by external ID, with some of their fields."""
    return {
        row["External_Id__c"]: tuple(row.get(field) for field in fields)
        for row in org.rows("Contact")
    }


def test_rows_arrive_and_state_follows(org: Emulator, load: Callable[..., Result]) -> None:
    """Every row is in the org, stdout has the STATE and nothing else, exit code 0."""
    result = load([schema(), *(contact(n) for n in range(500)), state(Contact={"at": 500})])

    expected = {f"C-{n}": (f"Number {n}", f"ada.{n}@example.com") for n in range(500)}
    assert result.code == 0, result.stderr
    assert by_key(org, "LastName", "Email") == expected
    assert result.bookmarks == [{"Contact": {"at": 500}}]


def test_a_second_run_doubles_nothing(org: Emulator, load: Callable[..., Result]) -> None:
    """An upsert of the same rows changes no count."""
    messages = [schema(), *(contact(n) for n in range(50))]
    load(messages)
    load(messages)

    assert org.count("Contact") == 50


def test_the_job_id_is_in_the_log_at_every_step(org: Emulator, load: Callable[..., Result]) -> None:
    """Created, closed, ended, settled."""
    result = load([schema(), contact(1)])

    job_id = org.jobs()[0]["id"]
    steps = re.findall(rf"Job {job_id} of stream Contact (\w+):", result.stderr)
    assert steps == ["created", "closed", "ended", "settled"]


def test_the_summary_names_every_number(load: Callable[..., Result]) -> None:
    """Read, loaded, failed, refused, retried, merged, jobs, API calls and seconds, by stream."""
    rows = [contact(n) for n in range(10)]
    result = load([schema(), *rows, contact(11, LastName=None)], max_failed_percent=100)

    line = next(each for each in result.stderr.splitlines() if each.startswith("Contact → "))
    assert re.fullmatch(r"Contact → Contact +11 +10 +1 +0 +0 +0 +1 +\d+ +\d+\.\d", line), line


@pytest.mark.parametrize("validate_rows", [True, False])
def test_five_bad_rows_among_a_thousand(
    org: Emulator, load: Callable[..., Result], validate_rows: bool
) -> None:
    """All five are named with their reason, STATE covers them, the threshold decides the code."""
    bad = {n: {"LastName": None} if n % 2 else {"Email": "no address"} for n in range(0, 1000, 200)}
    bad |= {3: {"LastName": None}}
    bad.pop(0)
    messages = [schema(), *(contact(n, **bad.get(n, {})) for n in range(1000)), state(Contact=9)]

    strict = load(messages, max_failed_percent=0, validate_rows=validate_rows, state_ledger=False)

    assert (strict.code, strict.bookmarks) == (1, [{"Contact": 9}])
    assert {(row["External_Id__c"], row["code"]) for row in strict.failed_rows()} == {
        ("C-3", "REQUIRED_FIELD_MISSING"),
        *((f"C-{n}", "INVALID_EMAIL_ADDRESS") for n in (200, 400, 600, 800)),
    }
    assert all(f"C-{n}" in strict.stderr for n in (3, 200, 400, 600, 800))
    assert "5 of 1000 rows of stream Contact failed, 0.50 %" in strict.last_line
    assert org.count("Contact") == 995
    assert load(messages, max_failed_percent=0.5, validate_rows=validate_rows).code == 0


def test_failed_rows_are_private(load: Callable[..., Result]) -> None:
    """They are customer data: nobody else may read them, and no log shows more than the key."""
    result = load([schema(), contact(1, LastName=None, Email="secret@example.com")])

    files = [path for path in result.state_dir.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(result.state_dir.stat().st_mode) == 0o700
    assert "secret@example.com" not in result.stderr


def test_nulls_clear_and_missing_keys_leave_alone(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """A null is a value; a key that is not there is not."""
    load([schema(), contact(1), contact(2), contact(3)])
    load(
        [
            schema(),
            record(External_Id__c="C-1", FirstName=None, LastName="New"),
            record(External_Id__c="C-2", LastName="New"),
            record(External_Id__c="C-3", FirstName="", LastName="New"),
        ]
    )

    assert by_key(org, "FirstName", "LastName") == {
        "C-1": (None, "New"),
        "C-2": ("Ada", "New"),
        "C-3": (None, "New"),
    }


def test_values_by_type(org: Emulator, load: Callable[..., Result]) -> None:
    """Numbers, date-times, booleans, picklists and text with everything in it."""
    properties = CONTACT | {
        "Score__c": {"type": "number"},
        "Last_Seen__c": {"type": "string", "format": "date-time"},
        "Birthdate": {"type": "string", "format": "date"},
        "Interests__c": {"type": "array"},
        "Description": {"type": "string"},
    }
    text = 'He said "hi", \r\nthen left;\ttabs, 表, 👩‍🚀, \u2028 and \u202eback'
    message = contact(
        1,
        Score__c=1234567890.25,
        Last_Seen__c="2024-03-11T11:00:47+02:00",
        Birthdate="1815-12-10",
        Interests__c=["Books", "Music"],
        Description=text,
    )

    result = load([schema(properties=properties), message])

    fields = ("Score__c", "Last_Seen__c", "Birthdate", "Interests__c", "Description")
    assert result.code == 0, result.stderr
    assert by_key(org, *fields) == {
        "C-1": (
            1234567890.25,
            "2024-03-11T09:00:47.000Z",
            "1815-12-10",
            "Books;Music",
            text.replace("\r\n", "\n"),
        )
    }


def test_insert_update_delete_and_hard_delete(org: Emulator, load: Callable[..., Result]) -> None:
    """Each operation does what it says."""
    ids = org.insert("Contact", [{"LastName": f"Old {n}"} for n in range(4)])
    by_id = {"Id": {"type": "string"}, "LastName": {"type": "string"}}

    def run(operation: str, properties: dict[str, Any], *rows: dict[str, Any]) -> int:
        messages = [schema(properties=properties, key=None), *rows]
        settings = {"streams": {"Contact": {"operation": operation}}, "allow_hard_delete": True}
        return load(messages, **settings).code

    codes = [
        run("insert", {"LastName": {}}, record(LastName="New"), record(LastName="New")),
        run("update", by_id, record(Id=ids[0], LastName="Changed")),
        run("delete", by_id, record(Id=ids[1], LastName="x")),
        run("hardDelete", by_id, record(Id=ids[2][:15], LastName="x")),
    ]

    assert codes == [0, 0, 0, 0]
    assert [row["LastName"] for row in org.rows("Contact")] == ["Changed", "Old 3", "New", "New"]


def test_identical_rows_of_an_insert_are_all_accounted_for(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """Equal rows cannot be told apart, so they are counted."""
    rows = [record(LastName="Same", Score__c=912260031) for _ in range(300)]
    properties = {"LastName": {"type": "string"}, "Score__c": {"type": "number"}}
    org.configure(rules=[{"error": "UNABLE_TO_LOCK_ROW:busy:--", "times": 7}])

    result = load(
        [schema(properties=properties, key=None), *rows],
        operation="insert",
        max_failed_percent=100,
        row_retries=0,
    )

    assert (result.code, org.count("Contact"), len(result.failed_rows())) == (0, 293, 7)


def test_overflow_goes_into_further_jobs(org: Emulator, load: Callable[..., Result]) -> None:
    """No job passes the limit by one row, no row is lost, and each job is full."""
    limit = 10_000
    result = load([schema(), *(contact(n) for n in range(1000))], max_job_bytes=limit)

    sizes = [
        int(size.replace(",", ""))
        for size in re.findall(r"batch \d+, ([\d,]+) bytes", result.stderr)
    ]
    assert (result.code, org.count("Contact")) == (0, 1000)
    assert max(sizes) <= limit
    assert all(size > limit - 100 for size in sizes[:-1])


def test_batch_size_rows_limits_a_job(org: Emulator, load: Callable[..., Result]) -> None:
    """Rows are counted as well as bytes."""
    load([schema(), *(contact(n) for n in range(25))], batch_size_rows=10)

    assert [job["numberRecordsProcessed"] for job in org.jobs()] == [10, 10, 5]


def test_jobs_of_one_object_are_closed_in_order(org: Emulator, load: Callable[..., Result]) -> None:
    """The newer value of a record is written last."""
    org.configure(seconds_per_job=0.1)
    messages = [schema()]
    for value in range(6):
        messages += [contact(n, FirstName=f"v{value}") for n in range(10)]

    result = load(messages, batch_size_rows=10)

    assert result.code == 0, result.stderr
    assert set(by_key(org, "FirstName").values()) == {("v5",)}


def test_within_a_batch_the_last_row_of_a_key_wins(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """Keys compare as Salesforce compares them, and merged rows are counted, not failed."""
    messages = [schema(), contact(1, FirstName="old"), contact(2)]
    messages += [contact(1, External_Id__c="c-1", FirstName="new")]

    result = load(messages)

    assert result.code == 0
    assert sorted(row["FirstName"] for row in org.rows("Contact")) == ["Ada", "new"]
    assert re.search(r"Contact → Contact +3 +2 +0 +0 +0 +1 ", result.stderr)


def test_several_streams_by_name_and_glob(org: Emulator, load: Callable[..., Result]) -> None:
    """Streams go to objects by exact name, by glob, and by the last part of their name."""
    account = {"ext": {"type": "string"}, "title": {"type": "string"}}
    lead = {"External_Id__c": {}, "last_name": {}, "Company": {}}
    messages = [
        schema("crm-accounts", account, "ext"),
        schema("raw_contacts_2026"),
        schema("sales-Lead", lead),
        record("crm-accounts", ext="A", title="Acme"),
        record("raw_contacts_2026", External_Id__c="C", LastName="Lovelace"),
        record("sales-Lead", External_Id__c="L", last_name="Hopper", Company="Navy"),
    ]
    streams = {
        "crm-accounts": {
            "object": "Account",
            "field_mapping": {"ext": "External_Id__c", "title": "Name"},
        },
        "raw_contacts_*": {"object": "contact"},
        "sales-Lead": {},
    }

    result = load(messages, streams=streams)

    assert result.code == 0, result.stderr
    assert [org.rows("Account")[0]["Name"], *by_key(org, "LastName")["C"]] == ["Acme", "Lovelace"]
    assert org.rows("Lead")[0]["LastName"] == "Hopper"


def test_a_schema_change_in_the_middle(org: Emulator, load: Callable[..., Result]) -> None:
    """Rows before and after it arrive, each with its own columns, in order."""
    wider = CONTACT | {"Title": {"type": "string"}}
    messages = [
        schema(),
        contact(1),
        contact(2, FirstName="old"),
        schema(properties=wider),
        contact(2, FirstName="new", Title="Countess"),
        state(Contact=1),
    ]

    result = load(messages)

    assert (result.code, result.bookmarks) == (0, [{"Contact": 1}])
    assert by_key(org, "FirstName", "Title") == {"C-1": ("Ada", None), "C-2": ("new", "Countess")}


def test_stream_maps_and_flattening(org: Emulator, load: Callable[..., Result]) -> None:
    """The SDK's own transformations come before ours."""
    properties = {"id": {"type": "string"}, "name": {"type": "object", "properties": {"last": {}}}}
    stream_map = {"External_Id__c": "id", "LastName": "name['last']", "__else__": None}
    result = load(
        [schema("people", properties, "id"), record("people", id="P", name={"last": "Hopper"})],
        stream_maps={"people": stream_map | {"__key_properties__": ["External_Id__c"]}},
        flattening_enabled=True,
        flattening_max_depth=1,
        streams={"people": {"object": "Contact"}},
    )

    assert result.code == 0, result.stderr
    assert by_key(org, "LastName") == {"P": ("Hopper",)}


def test_parents_by_external_id(org: Emulator, load: Callable[..., Result]) -> None:
    """A lookup is filled by the parent's key, also where several objects may be meant."""
    account, user = (
        org.insert("Account", [{"Name": "Acme", "External_Id__c": "A-1"}])[0],
        org.insert("User", [{"Username": "u@x.example", "Email": "u@x.example"}])[0],
    )
    task = {"subject": {}, "owner": {}, "account": {}}
    messages = [
        schema(properties=CONTACT | {"account": {}}),
        contact(1, account="A-1"),
        contact(2, account="A-2"),
        schema("Task", task, None),
        record("Task", subject="Call", owner="u@x.example", account="A-1"),
    ]
    streams = {
        "Contact": {"field_mapping": {"account": "Account.External_Id__c"}},
        "Task": {
            "operation": "insert",
            "field_mapping": {
                "owner": "User:Owner.Email",
                "account": "Account:What.External_Id__c",
            },
        },
    }

    result = load(messages, streams=streams, max_failed_percent=100)

    assert result.code == 0, result.stderr
    assert by_key(org, "AccountId") == {"C-1": (account,)}
    assert [(row["OwnerId"], row["WhatId"]) for row in org.rows("Task")] == [(user, account)]
    assert [row["code"] for row in result.failed_rows()] == ["INVALID_FIELD"]


def test_a_job_refused_as_a_whole_stops_its_stream_only(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """The bad stream keeps its bookmark, the good one moves on, exit code 1, nothing is stored."""
    account = {"External_Id__c": {}, "Name": {}}
    org.configure(fail_jobs_with="InvalidBatch : Field name not found : Gone__c", fail_jobs_times=1)
    messages = [
        state(Contact=0, Account=0),
        schema(),
        contact(1),
        schema("Account", account),
        record("Account", External_Id__c="A", Name="Acme"),
        state(Contact=5, Account=5),
    ]

    result = load(messages, max_concurrent_jobs=1)

    assert result.code == 1
    assert result.bookmarks[-1] == {"Contact": 0, "Account": 5}
    assert (org.count("Contact"), org.count("Account")) == (0, 1)
    assert "Field name not found : Gone__c" in result.last_line


def test_rows_left_unprocessed_are_stored(org: Emulator, load: Callable[..., Result]) -> None:
    """A job that ends half-way: what was not reached is named, not lost."""
    org.configure(stop_after_rows=400, stop_times=1)
    messages = [schema(), *(contact(n) for n in range(1000)), state(Contact=1)]
    result = load(messages, row_retries=0, state_ledger=False)

    codes = [row["code"] for row in result.failed_rows()]
    assert (result.code, result.bookmarks) == (1, [{"Contact": 1}])
    assert (org.count("Contact"), codes.count("UNPROCESSED"), len(codes)) == (400, 600, 600)


def test_reading_goes_on_while_jobs_run(org: Emulator, load: Callable[..., Result]) -> None:
    """The second batch is uploaded before the first one is done."""
    org.configure(seconds_per_job=0.5)
    load([schema(), *(contact(n) for n in range(20))], batch_size_rows=10)

    first, second = (job["id"] for job in org.jobs())
    order = [(each.method, each.path.rpartition("ingest/")[2]) for each in org.requests]
    assert order.index(("PUT", f"{second}/batches")) < order.index(
        ("GET", f"{first}/failedResults/")
    )


def test_a_hundred_thousand_rows_cost_few_calls(org: Emulator, load: Callable[..., Result]) -> None:
    """At most 12 calls beyond polls."""
    result = load(
        [schema(), *(contact(n) for n in range(100_000)), state(Contact=1)],
        poll_interval_seconds=0.5,
        poll_max_interval_seconds=2,
    )

    polls = org.calls("GET", "*/jobs/ingest/*") - org.calls("GET", "*/jobs/ingest/*/*")
    assert (result.code, org.count("Contact")) == (0, 100_000)
    assert len(org.requests) - polls <= 12


def test_about_lists_every_setting(tmp_path: Path) -> None:
    """`--about` is the reference, with secrets marked and a type for each."""
    about = subprocess.run(
        [sys.executable, "-m", "target_salesforce_bulk", "--about", "--format=json"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    properties = json.loads(about.stdout)["settings"]["properties"]
    secrets = {name for name, each in properties.items() if each.get("secret")}

    assert secrets == {
        "access_token",
        "client_secret",
        "password",
        "private_key",
        "private_key_passphrase",
        "refresh_token",
        "security_token",
    }
    assert all("type" in each and "description" in each for each in properties.values())


def test_a_tap_that_sends_no_state_any_more_is_reported(load: Callable[..., Result]) -> None:
    """What the next run will leave out, and what to do if that is wrong."""
    settings = {"operation": "insert"}
    load([schema(key=None), contact(1), state(Contact=1)], **settings)
    first = load([schema(key=None), contact(2)], **settings)
    second = load([schema(key=None), contact(2)], **settings)

    told = [each.stderr.count("jobs forget Contact") for each in (first, second)]
    assert (first.code, second.code, told) == (0, 0, [1, 0])
