"""`failed list|show|export|retry|discard`, and the ledger in STATE."""

from __future__ import annotations

import csv
import io
import json
import stat
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import contact, record, schema, state

from target_salesforce_bulk.emulator.org.tokens import ORG_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

LOCK = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"
BAD = [contact(1), contact(2, Email="nobody"), contact(3, LastName=None), contact(4)]
ANYTHING = {"max_failed_percent": 100, "row_retries": 0}
LEDGER = "target-salesforce-bulk"
BY = ("key", "number")


@pytest.fixture
def failed(act: Callable[..., Any]) -> Callable[..., Any]:
    """Run a `failed` command as a process."""
    return partial(act, "failed")


def emails(org: Emulator) -> dict[str, str]:
    return {row["External_Id__c"]: row["FirstName"] for row in org.rows("Contact")}


def lock(org: Emulator, *keys: str) -> None:
    """Let rows of these keys fail."""
    rules = [{"error": LOCK, "column": "External_Id__c", "glob": key} for key in keys]
    org.configure(rules=rules)


def test_list(load: Callable[..., Result], failed: Any) -> None:
    """By stream and code, with a hint and keys; the exit code tells whether there are any."""
    none = failed("list")
    load([schema(), *BAD], **ANYTHING)
    text, document = failed("list"), failed("list", "--json")

    assert (none.returncode, none.stdout) == (0, "No failed rows.\n")
    assert text.returncode == 1
    assert "Contact: 1 x INVALID_EMAIL_ADDRESS (permanent): Email: invalid email" in text.stdout
    assert "Correct the address in the source" in text.stdout
    assert {
        (each["code"], each["rows"], *each["keys"]) for each in json.loads(document.stdout)
    } == {
        ("INVALID_EMAIL_ADDRESS", 1, "C-2"),
        ("REQUIRED_FIELD_MISSING", 1, "C-3"),
    }
    assert "nobody" not in text.stderr


def test_filters(load: Callable[..., Result], failed: Any) -> None:
    """Each leaves out what is not meant."""
    load([schema(), *BAD], **ANYTHING)

    assert failed("list", "--code", "INVALID_EMAIL_ADDRESS").stdout.count(" x ") == 1
    assert failed("list", "--stream", "other").returncode == 0
    assert failed("list", "--class", "transient").returncode == 0
    assert failed("list", "--since", "2999-01-01").returncode == 0
    assert failed("list", "--since", "2000-01-01").returncode == 1
    assert failed("list", "--class", "nonsense").returncode == 2


def test_show(load: Callable[..., Result], failed: Any) -> None:
    """A row by its key, with its values."""
    load([schema(), *BAD], **ANYTHING)
    text, missing = failed("show", "C-2"), failed("show", "C-1")

    assert text.returncode == 0
    assert "Email = nobody" in text.stdout
    assert "INVALID_EMAIL_ADDRESS" in text.stdout
    assert missing.returncode == 1
    assert "No failed row has the key or number C-1." in missing.stderr


def test_export(load: Callable[..., Result], failed: Any, tmp_path: Path) -> None:
    """As CSV, as JSON lines, and as Singer messages that can be loaded again."""
    load([schema(), *BAD], **ANYTHING)
    rows = list(csv.DictReader(io.StringIO(failed("export").stdout)))
    lines = failed("export", "--format", "jsonl").stdout.splitlines()
    failed("export", "--format", "singer", "--output", str(tmp_path / "rows.singer"))

    assert {(row["External_Id__c"], row["code"]) for row in rows} == {
        ("C-2", "INVALID_EMAIL_ADDRESS"),
        ("C-3", "REQUIRED_FIELD_MISSING"),
    }
    assert {json.loads(line)["key"] for line in lines} == {"C-2", "C-3"}
    exported = tmp_path / "rows.singer"
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    corrected = exported.read_text().replace("nobody", "a@b.example")
    again = load(corrected.splitlines(), **ANYTHING)
    assert again.code == 0
    assert failed("list", "--json").stdout.count('"code"') == 1


@pytest.mark.parametrize("operation", ["upsert", "insert"])
def test_retry(org: Emulator, load: Callable[..., Result], failed: Any, operation: str) -> None:
    """What passes is loaded once and forgotten; what fails again stays, with its attempts."""
    lock(org, "C-1", "C-4")
    load([schema(), *BAD], operation=operation, **ANYTHING)
    lock(org, "C-4")
    result = failed("retry", "--json", row_retries=0)

    # An insert without a last name is refused before sending; an upsert may be an update.
    refused = 2 if operation == "insert" else 1
    assert result.returncode == 1, result.stderr
    assert json.loads(result.stdout) | {"problem": ""} == {
        "sent": 4 - refused,
        "skipped": {"refused before sending: correct them in the source": refused},
        "loaded": 1,
        "failed": 3 - refused,
        "problem": "",
    }
    assert set(emails(org)) == {"C-1"}
    rows = [json.loads(line) for line in failed("export", "--format", "jsonl").stdout.splitlines()]
    left = {row["row"]["External_Id__c"]: row for row in rows}
    assert (set(left), left["C-4"]["attempt"]) == ({"C-2", "C-3", "C-4"}, 2)
    org.configure(rules=[])
    assert failed("retry", "--class", "transient").returncode == 0
    assert set(emails(org)) == {"C-1", "C-4"}


def test_retry_does_not_overwrite_what_was_loaded_later(
    org: Emulator, load: Callable[..., Result], failed: Any
) -> None:
    """The failed row of a key that loaded later is gone."""
    lock(org, "C-1")
    load([schema(), contact(1, FirstName="old")], **ANYTHING)
    org.configure(rules=[])
    load([schema(), contact(1, FirstName="new")])

    assert failed("retry").stdout.startswith("0 rows sent again")
    assert emails(org) == {"C-1": "new"}


def test_discard(load: Callable[..., Result], failed: Any) -> None:
    """For good, but never all of them by accident."""
    load([schema(), *BAD], **ANYTHING)

    assert failed("discard").returncode == 2
    future = failed("discard", "--since", "11/24/2999")
    assert (future.returncode, "is not a time such as" in future.stderr) == (2, True)
    assert failed("discard", "--since", "2999-11-24").stdout == "0 rows discarded\n"
    first, second, path = failed("discard", "--code", "INVALID_EMAIL_ADDRESS").stdout.splitlines()
    assert (first, second) == ("1 row discarded", "Deleted from these files as well:")
    with Path(path.strip()).open(newline="") as file:
        assert [row["External_Id__c"] for row in csv.DictReader(file)] == ["C-3"]
    assert failed("discard", "--since", "2026-01-01", "--all").stdout.startswith("1 row discarded")
    assert not Path(path.strip()).exists()
    assert failed("list").returncode == 0


def test_show_says_which_row_is_meant(load: Callable[..., Result], failed: Any) -> None:
    """A key may look like the number of another row."""
    keys = ("2", "C-9")
    rows = [contact(9, External_Id__c=key, Email="nobody") for key in keys]
    load([schema(), *rows], **ANYTHING)
    either = failed("show", "2")
    shown = [json.loads(failed("show", "2", "--by", by, "--json").stdout) for by in BY]

    assert (either.returncode, "--by number or --by key" in either.stderr) == (1, True)
    assert [[(row["id"], row["key"]) for row in each] for each in shown] == [
        [(1, "2")],
        [(2, "C-9")],
    ]


def test_export_for_the_same_configuration(
    org: Emulator, load: Callable[..., Result], failed: Any, tmp_path: Path
) -> None:
    """Properties have the names of the configuration; constants, deletes and nulls come back."""
    stream = {
        "object": "Contact",
        "auto_map": False,
        "deletes": "delete",
        "external_id_field": "External_Id__c",
        "field_mapping": {
            "id": "External_Id__c",
            "surname": {"field": "LastName"},
            "mail": "Email",
            "first": "FirstName",
            "origin": {"field": "Description", "value": "warehouse"},
        },
    }
    settings = ANYTHING | {"streams": {"people": stream}}
    names = ("id", "surname", "mail", "first", "_sdc_deleted_at")
    head = schema("people", {name: {"type": ["string", "null"]} for name in names}, key="id")
    org.insert("Contact", [{"External_Id__c": key, "LastName": "x"} for key in ("A", "B")])
    rules = [{"error": LOCK, "column": name, "glob": "*"} for name in ("Id", "External_Id__c")]
    org.configure(rules=rules)
    load(
        [
            head,
            record("people", id="A", surname="New", mail=None, first="Ada"),
            record("people", id="B", _sdc_deleted_at="2026-01-01T00:00:00Z"),
        ],
        **settings,
    )
    org.configure(rules=[])
    failed("export", "--format", "singer", "--output", str(tmp_path / "rows.singer"), **settings)
    failed("discard", "--all", **settings)

    again = load((tmp_path / "rows.singer").read_text().splitlines(), **settings)

    assert again.code == 0, again.stderr
    (left,) = org.rows("Contact")
    values = {
        name: left[name] for name in ("External_Id__c", "LastName", "FirstName", "Description")
    }
    assert values == {
        "External_Id__c": "A",
        "LastName": "New",
        "FirstName": "Ada",
        "Description": "warehouse",
    }
    assert failed("list", **settings).returncode == 0


def test_retry_on_start(org: Emulator, load: Callable[..., Result], failed: Any) -> None:
    """The rows that failed for a passing reason go first."""
    lock(org, "C-1")
    load([schema(), *BAD], **ANYTHING)
    org.configure(rules=[])
    load([schema(), contact(9)], retry_failed_on_start=True, **ANYTHING)

    assert set(emails(org)) == {"C-1", "C-4", "C-9"}
    assert failed("list", "--class", "transient").returncode == 0


def test_the_ledger(org: Emulator, load: Callable[..., Result], failed: Any) -> None:
    """STATE says what is failed while something is, and nothing when all is well."""
    lock(org, "C-1", "C-4")
    messages = [schema(), *BAD[:2], BAD[3], state(Contact=1)]
    first = load(messages, **ANYTHING)
    job_id = org.jobs()[0]["id"]
    ledger = first.states[-1]["bookmarks"][LEDGER]
    sent = next(job for job in ledger["failed_jobs"] if job["job_id"])
    org.configure(rules=[])
    failed("retry")
    failed("discard", "--all")
    # A tap gives back the STATE that it was started with.
    second = load([state(Contact=1, **{LEDGER: ledger}), schema(), contact(8), state(Contact=2)])

    assert ledger["failed_rows"] == 3
    assert {name: sent[name] for name in ("job_id", "stream", "object", "operation", "failed")} == {
        "job_id": job_id,
        "stream": "Contact",
        "object": "Contact",
        "operation": "upsert",
        "failed": {"UNABLE_TO_LOCK_ROW": 2},
    }
    assert set(second.states[-1]["bookmarks"][LEDGER]) == {"number", "org"}


def test_the_ledger_without_bookmarks_and_turned_off(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """At the top level of a STATE of another shape; left out where it is not wanted."""
    lock(org, "C-1")
    other = {"type": "STATE", "value": {"at": 1}}

    assert set(load([schema(), contact(1), other], **ANYTHING).states[-1]) == {"at", LEDGER}
    off = load([schema(), contact(1), other], state_ledger=False, **ANYTHING)
    assert off.states[-1] == {"at": 1}


@pytest.mark.parametrize("how", ["state", "job"])
def test_retry_from_another_machine(
    org: Emulator,
    load: Callable[..., Result],
    failed: Any,
    tmp_path: Path,
    how: str,
) -> None:
    """With an empty journal, the STATE or a job's id is enough; newer records are left alone."""
    lock(org, "C-1", "C-4", "C-5")
    rows = [contact(1), contact(4), contact(5, FirstName="old")]
    lost = load([schema(), *rows, state(Contact=1)], **ANYTHING)
    (tmp_path / "state.json").write_text(lost.stdout.splitlines()[-1])
    org.configure(rules=[])
    elsewhere = {"state_dir": str(tmp_path / "elsewhere")}
    time.sleep(1.1)  # times in Salesforce are told to the second
    load([schema(), contact(5, FirstName="new")], state_dir=str(tmp_path / "third"))
    by_job = ("--job", org.jobs()[0]["id"])
    source = by_job if how == "job" else ("--state", str(tmp_path / "state.json"))

    result = failed("retry", *source, "--json", **elsewhere)
    again = load(
        [
            *(
                json.loads(line)
                for line in [json.dumps({"type": "STATE", "value": lost.states[-1]})]
            ),
            schema(),
            contact(9),
            state(Contact=2),
        ],
        **elsewhere,
    )

    assert result.returncode == 0, result.stderr
    assert (json.loads(result.stdout)["sent"], json.loads(result.stdout)["loaded"]) == (2, 2)
    assert json.loads(result.stdout)["skipped"] == {"their records were written later": 1}
    assert emails(org) == {"C-1": "Ada", "C-4": "Ada", "C-5": "new", "C-9": "Ada"}
    jobs = again.states[-1]["bookmarks"][LEDGER].get("failed_jobs", [])
    assert not [job for job in jobs if job["job_id"]]


def test_the_last_state_does_not_name_a_row_that_was_loaded_since(
    load: Callable[..., Result],
) -> None:
    """Although it says nothing else than the one before the newer row was loaded."""
    same = state(Contact=1)
    refused = load([same, schema(), contact(1, Email="no address"), same], max_failed_percent=100)
    corrected = load([{"type": "STATE", "value": refused.states[-1]}, schema(), contact(1), same])

    ledgers = [each.states[-1]["bookmarks"][LEDGER] for each in (refused, corrected)]
    assert [each.get("failed_rows") for each in ledgers] == [1, None]


def test_an_empty_journal_keeps_the_ledger(org: Emulator, load: Callable[..., Result]) -> None:
    """A machine that knows nothing passes on what STATE told it."""
    entry = {
        "job_id": "7505g0000000999AAA",
        "stream": "s",
        "object": "Contact",
        "operation": "upsert",
        "failed": {"UNABLE_TO_LOCK_ROW": 2},
        "time": "2999-01-01T00:00:00.000+00:00",
    }
    old = entry | {"job_id": "7505g0000000998AAA", "time": "2020-01-01T00:00:00.000+00:00"}
    bookmarks = {LEDGER: {"failed_rows": 4, "failed_jobs": [old, entry]}}
    result = load([state(**bookmarks), schema(), contact(1), state(Contact=1)])

    assert result.states[-1]["bookmarks"] == {
        "Contact": 1,
        LEDGER: {"number": 1, "failed_rows": 2, "failed_jobs": [entry], "org": ORG_ID},
    }


def test_values_are_never_logged(load: Callable[..., Result], failed: Any) -> None:
    """Not by any command that was not asked to show them."""
    load([schema(), record(External_Id__c="C-1", LastName="Secretname", Email="x")], **ANYTHING)

    assert "Secretname" not in failed("list").stdout
    assert all("Secretname" not in failed(each).stderr for each in ("list", "retry", "export"))
    assert sys.executable
