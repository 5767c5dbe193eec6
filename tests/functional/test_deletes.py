"""Deletes are asked for by name, and stop before they are too many."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from conftest import command
from singer_messages import CONTACT, contact, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

LOCK = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"
GONE = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"}
SCHEMA = schema(properties=CONTACT | {"_sdc_deleted_at": {"type": ["string", "null"]}})


def fill(org: Emulator, number: int) -> None:
    org.insert("Contact", [{"LastName": "Old", "External_Id__c": f"C-{n}"} for n in range(number)])


def deleting(**options: Any) -> dict[str, Any]:
    """Settings of a stream that deletes by its key."""
    entry = {"operation": "delete", "external_id_field": "External_Id__c"}
    return {"streams": {"Contact": entry | options}}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (
            {"operation": "hardDelete", "streams": {"*": {}}, "allow_hard_delete": True},
            "operation is hardDelete at the top level",
        ),
        ({"streams": {"Con*": {"operation": "delete"}}}, "streams.Con*.operation is delete"),
        (deleting(operation="hardDelete"), "Set allow_hard_delete to true"),
        ({"deletes": "hard_delete"}, "Set allow_hard_delete to true"),
    ],
)
def test_a_delete_that_nobody_asked_for_by_name(
    org: Emulator, load: Callable[..., Result], settings: dict[str, Any], named: str
) -> None:
    """One line says what to set, and not one request goes out."""
    fill(org, 3)
    result = load([schema(), contact(1), state(Contact=1)], **settings)

    assert (result.code, result.states, org.count("Contact")) == (1, [], 3)
    assert named in result.last_line
    assert org.requests == []
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("form", ["operation", "mark"])
def test_more_than_a_tenth_of_an_object_is_not_deleted(
    org: Emulator, load: Callable[..., Result], form: str
) -> None:
    """Nor a part of it, however small the batches are; more is deleted only where that is set."""
    fill(org, 200)
    settings = deleting() if form == "operation" else {"deletes": "delete"}
    messages = [SCHEMA, *(contact(n, **GONE) for n in range(21)), state(Contact=1)]
    stopped = load(messages, **settings, batch_size_rows=5)
    left, counts = org.count("Contact"), org.calls("GET", "*/query/?q=SELECT+COUNT*")
    allowed = load(messages, **settings, batch_size_rows=5, max_delete_percent=10.5)

    assert (stopped.code, stopped.states, left) == (1, [], 200)
    assert stopped.last_line == (
        "Stream Contact stopped and keeps its bookmark, so its rows will be read again: Stream "
        "Contact would delete 21 of 200 Contact records, 10.5 %; max_delete_percent is 10. The "
        "rest of the stream is not sent. If the source is right, raise "
        "streams.Contact.max_delete_percent."
    )
    assert counts in {0, 1}
    assert (allowed.code, org.count("Contact")) == (0, 179), allowed.stderr


def test_a_stream_has_a_limit_of_its_own(org: Emulator, load: Callable[..., Result]) -> None:
    """It counts instead of the one at the top, and another stream is loaded all the same."""
    fill(org, 10)
    accounts = schema("Account", {"External_Id__c": {}, "Name": {}})
    account = {
        "type": "RECORD",
        "stream": "Account",
        "record": {"External_Id__c": "A-1", "Name": "Acme"},
    }
    messages = [schema(), contact(1), contact(2), accounts, account, state(Contact=1, Account=1)]
    settings = deleting(max_deletes=1)
    settings["streams"]["Account"] = {}
    result = load(messages, **settings, max_deletes=1000, state_ledger=False)

    assert (result.code, org.count("Contact"), org.count("Account")) == (1, 10, 1)
    assert "max_deletes is 1. The rest of the stream" in result.last_line
    assert result.states[-1]["bookmarks"] == {"Account": 1}


def test_a_retry_of_failed_deletes_is_counted(
    org: Emulator, load: Callable[..., Result], config: dict[str, Any], tmp_path: Path
) -> None:
    """It exits with 1 and says why, and the rows stay stored."""
    fill(org, 5)
    org.configure(rules=[{"error": LOCK}])
    rows = [contact(n) for n in range(3)]
    load([schema(), *rows, state(Contact=1)], **deleting(), row_retries=0, max_failed_percent=100)
    org.configure(rules=[])

    def failed(name: str, *more: str) -> Any:
        line = command(config | deleting(max_deletes=2), tmp_path)
        return subprocess.run(
            [*line[:3], "failed", name, *line[3:], *more],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=tmp_path,
        )

    retried = failed("retry")
    stored = json.loads(failed("list", "--json").stdout)

    assert (retried.returncode, org.count("Contact"), stored[0]["rows"]) == (1, 5, 3)
    assert retried.stdout.splitlines()[-1] == (
        "Stream Contact stopped, and its rows stay stored: Stream Contact would delete 3 Contact "
        "records; max_deletes is 2. The rest of the stream is not sent. If the source is right, "
        "raise streams.Contact.max_deletes."
    )


@pytest.mark.parametrize("by_batch", [False, True])
def test_marks_that_delete_nothing_are_counted(
    org: Emulator, load: Callable[..., Result], tmp_path: Path, by_batch: bool
) -> None:
    """With `deletes: ignore`, one line says how many records were loaded like any other."""
    records = [contact(n, **GONE)["record"] for n in range(1200)]
    messages: list[Any] = [{"type": "RECORD", "stream": "Contact", "record": r} for r in records]
    if by_batch:
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(f"{json.dumps(each)}\n" for each in records))
        encoding = {"format": "jsonl", "compression": "none"}
        messages = [
            {"type": "BATCH", "stream": "Contact", "encoding": encoding, "manifest": [str(path)]}
        ]
    result = load([SCHEMA, *messages, state(Contact=1)])

    assert (result.code, org.count("Contact")) == (0, 1200), result.stderr
    said = [line for line in result.stderr.splitlines() if "like any other" in line]
    assert len(said) == 1
    assert said[0].endswith(
        "Stream Contact: loaded 1,200 records with _sdc_deleted_at like any other; set "
        "deletes to delete them in Salesforce"
    )


def test_failed_deletes_that_the_settings_do_not_ask_for_any_more(
    org: Emulator, load: Callable[..., Result], config: dict[str, Any], tmp_path: Path
) -> None:
    """They stay stored, whatever the limits say, until the settings ask for them again."""
    fill(org, 300)
    org.configure(rules=[{"error": LOCK}])
    hard = deleting(operation="hardDelete", max_delete_percent=100) | {"allow_hard_delete": True}
    patient = {"row_retries": 0, "max_failed_percent": 100}
    load([schema(), *(contact(n) for n in range(200)), state(Contact=1)], **hard | patient)
    org.configure(rules=[])

    def retry(**settings: Any) -> tuple[int, int]:
        arguments = [*command(config | settings, tmp_path), "failed", "retry"]
        process = subprocess.run(arguments, capture_output=True, check=False, timeout=120)
        return process.returncode, org.count("Contact")

    assert retry(max_delete_percent=100) == (1, 300)
    assert retry(**deleting(max_delete_percent=100)) == (1, 300)
    assert retry(**hard) == (0, 100)


@pytest.mark.parametrize("never", ["0001-01-01T00:00:00Z", "9999-12-31"])
def test_a_time_that_stands_for_never(
    org: Emulator, load: Callable[..., Result], never: str
) -> None:
    """It deletes nothing; the row fails, as it says neither that its record lives nor that not."""
    fill(org, 2)
    result = load([SCHEMA, contact(1, _sdc_deleted_at=never)], deletes="delete")

    assert org.count("Contact") == 2
    assert [row["code"] for row in result.failed_rows()] == ["INVALID_FIELD"]
