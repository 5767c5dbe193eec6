"""The moments in which nobody knows what happened: each is settled by asking."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import requests
from conftest import command
from singer_messages import contact, schema, state

from target_salesforce_bulk.emulator import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

ROWS = [schema(key=None), *(contact(n) for n in range(20)), state(Contact=20)]
INSERT = {"operation": "insert"}


UPSERT = [schema(), *ROWS[1:]]


def token(org: Emulator) -> dict[str, str]:
    return {"Authorization": f"Bearer {org.access_token}"}


def break_off_after_a_job(org: Emulator, start: Callable[..., Any]) -> Any:
    """Run the target until the first of three batches is loaded, then break its input."""
    process = start(**INSERT, batch_size_rows=8)
    process.stdin.write("".join(json.dumps(each) + "\n" for each in ROWS[:-1]))
    process.stdin.flush()
    while not any(job["state"] == "JobComplete" for job in org.jobs()):
        pass
    process.stdin.write("{")
    process.stdin.close()
    process.stdin = None
    process.communicate(timeout=60)
    return process


def test_a_job_whose_id_was_lost_is_left_alone(org: Emulator, load: Callable[..., Result]) -> None:
    """Another one is made; no job is touched that this journal has not recorded."""
    org.inject(Fault(method="POST", path="*/jobs/ingest", kind=FaultKind.RESET_AFTER))
    result = load(ROWS, **INSERT)

    assert (result.code, org.count("Contact")) == (0, 20), result.stderr
    assert sorted(job["state"] for job in org.jobs()) == ["JobComplete", "Open"]


@pytest.mark.parametrize(
    "answer",
    [
        {"kind": FaultKind.STATUS, "status": 503},
        {"kind": FaultKind.STATUS, "status": 200, "body": "<html>"},
        {"kind": FaultKind.RESET_BEFORE},
    ],
    ids=lambda answer: str(answer["kind"]),
)
def test_creates_that_are_never_answered_end(
    org: Emulator, load: Callable[..., Result], answer: dict[str, Any]
) -> None:
    """After `request_attempts` requests the stream stops with one line; the next run loads all."""
    org.inject(Fault(method="POST", path="*/jobs/ingest", times=-1, **answer))
    broken = load(ROWS, **INSERT, request_attempts=2)
    asked = org.calls("POST", "*/jobs/ingest")
    org.org.faults.clear()
    again = load(ROWS, **INSERT)

    assert (broken.code, asked) == (1, 2), broken.stderr
    assert "no job could be created for it in 2 attempts" in broken.last_line
    assert (again.code, org.count("Contact")) == (0, 20), again.stderr


def test_a_job_that_somebody_deleted(org: Emulator, load: Callable[..., Result]) -> None:
    """Its rows are uncertain: stored, shown, and not sent again by themselves."""
    body = json.dumps([{"errorCode": "NOT_FOUND", "message": "The requested resource"}])
    path = "*/jobs/ingest/???????????????AAA"
    org.inject(
        Fault(method="GET", path=path, kind=FaultKind.STATUS, status=404, body=body, times=-1)
    )
    result = load(ROWS, **INSERT, state_ledger=False)

    assert result.code == 1
    assert {row["code"] for row in result.failed_rows()} == {"UNCERTAIN"}
    assert len(result.failed_rows()) == 20
    assert "its rows are uncertain" in result.last_line


def test_a_job_that_somebody_aborted(
    org: Emulator, load: Callable[..., Result], start: Callable[..., Any]
) -> None:
    """What was processed is loaded, the rest is stored, the stream stops."""
    org.configure(rows_per_second=400)
    process = start(**INSERT, batch_size_rows=1000)
    lines = [schema(key=None), *(contact(n) for n in range(1000)), state(Contact=1)]
    process.stdin.write("".join(json.dumps(each) + "\n" for each in lines))
    process.stdin.close()
    while not any(job.get("numberRecordsProcessed") for job in org.jobs()):
        pass
    url = f"{org.url}/services/data/v67.0/jobs/ingest/{org.jobs()[0]['id']}"
    requests.patch(url, json={"state": "Aborted"}, headers=token(org), timeout=9)
    process.stdin = None
    _, stderr = process.communicate(timeout=60)

    with closing(sqlite3.connect(next(iter_state(stderr)))) as journal:
        query = "SELECT count(*) FROM failed_rows WHERE code = 'UNPROCESSED'"
        (stored,) = journal.execute(query).fetchone()
    assert process.returncode == 1
    assert "was aborted in Salesforce" in stderr
    assert org.count("Contact") + stored == 1000


def iter_state(stderr: str) -> Any:
    """The journal that belongs to a run, by the folder that it names."""
    yield re.search(r"(/\S+/state/00D\w+)/failed/", stderr)[1] + "/journal.sqlite3"  # type: ignore[index]


def test_a_result_file_that_is_cut_short(org: Emulator, load: Callable[..., Result]) -> None:
    """It is asked for again, and the numbers add up."""
    rows = [contact(n, Email="nobody") for n in range(500)]
    org.inject(
        Fault(method="GET", path="*/failedResults/", kind=FaultKind.TRUNCATE, bytes=1000, times=2)
    )
    result = load([schema(key=None), *rows], **INSERT, validate_rows=False, max_failed_percent=100)

    assert (result.code, len(result.failed_rows())) == (0, 500), result.stderr


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "*/batches", ""),
        ("GET", "*/failedResults/", ""),
        ("GET", "*/failedResults/", '{"id": "750'),
        ("GET", "*/successfulResults/", "<html>"),
        ("POST", "*/jobs/ingest", "{"),
        ("PATCH", "*/jobs/ingest/*", ""),
    ],
)
def test_an_answer_that_is_not_salesforces(
    org: Emulator, load: Callable[..., Result], method: str, path: str, body: str
) -> None:
    """A 200 from somebody in between is not believed: every row is accounted for."""
    rows = [*(contact(n) for n in range(18)), *(contact(n, Email="nobody") for n in (18, 19))]
    org.inject(Fault(method=method, path=path, kind=FaultKind.STATUS, status=200, body=body))
    result = load([schema(key=None), *rows], **INSERT, validate_rows=False, max_failed_percent=100)

    assert (result.code, org.count("Contact")) == (0, 18), result.stderr
    assert {row["code"] for row in result.failed_rows()} == {"INVALID_EMAIL_ADDRESS"}
    assert len(result.failed_rows()) == 2


def test_a_run_that_dies_while_it_gives_a_job_up(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """The job is aborted, and the journal does not know: its rows are not taken for failed."""
    org.inject(Fault(method="PUT", path="*/batches", kind=FaultKind.RESET_AFTER))
    lost = Fault(method="PATCH", path="*/jobs/ingest/*", kind=FaultKind.RESET_AFTER)
    org.inject(lost)
    broken = load(ROWS, **INSERT, request_attempts=1)
    again = load(ROWS, **INSERT)

    assert (broken.code, org.jobs()[0]["state"]) == (1, "Aborted")
    assert (again.code, org.count("Contact")) == (0, 20), again.stderr
    assert again.failed_rows() == []


#: The target on a machine whose clock is two days ahead.
CLOCK_AHEAD = """
import sys
from datetime import UTC, datetime, timedelta
from target_salesforce_bulk.journal import database, failure_store, journal
from target_salesforce_bulk.cli.app import main
def ahead():
    return (datetime.now(UTC) + timedelta(days=2)).isoformat(timespec="milliseconds")
database.now = failure_store.now = journal.now = ahead
main()
"""


@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_a_clock_that_goes_backwards(
    org: Emulator,
    config: dict[str, Any],
    load: Callable[..., Result],
    tmp_path: Path,
    operation: str,
) -> None:
    """What the journal noted in the future is brought to an end like anything else."""
    rows = [*ROWS[:-1], contact(20, Email="nobody"), ROWS[-1]]
    rows[0] = schema(key=None if operation == "insert" else "External_Id__c")
    settings = {"operation": operation, "batch_size_rows": 8, "max_failed_percent": 100}
    path = tmp_path / "ahead.json"
    path.write_text(json.dumps(config | settings))
    org.inject(Fault(method="POST", path="*/jobs/ingest", kind=FaultKind.RESET_AFTER, after=1))
    lines = "".join(json.dumps(each) + "\n" for each in rows[:-1]) + "{"
    broken = subprocess.run(
        [sys.executable, "-c", CLOCK_AHEAD, "--config", str(path)],
        input=lines,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    again = load(rows, **settings)

    assert (broken.returncode, again.code) == (1, 0), again.stderr
    assert sorted(row["External_Id__c"] for row in org.rows("Contact")) == sorted(
        f"C-{n}" for n in range(20)
    )
    assert [row["External_Id__c"] for row in again.failed_rows()] == ["C-20"]


def test_a_job_that_makes_no_progress(org: Emulator, load: Callable[..., Result]) -> None:
    """The run gives up waiting; the next one asks again, and nothing is sent twice."""
    org.configure(seconds_per_job=4)
    slow, again = load(ROWS, **INSERT, job_timeout_seconds=1), load(ROWS, **INSERT)

    assert "without progress" in slow.last_line
    assert (slow.code, again.code, org.count("Contact")) == (1, 0, 20), again.stderr


def test_rows_that_come_again_after_a_broken_run(
    org: Emulator, load: Callable[..., Result], start: Callable[..., Any]
) -> None:
    """Inserted once, although no STATE covers them."""
    broken = break_off_after_a_job(org, start)
    whole = load(ROWS, **INSERT)

    assert (broken.returncode, whole.code) == (1, 0), whole.stderr
    assert "rows were already processed by an earlier run" in whole.stderr
    assert (org.count("Contact"), len(whole.failed_rows())) == (20, 0)


def test_a_tap_that_dies_after_its_last_state(org: Emulator, load: Callable[..., Result]) -> None:
    """The rows behind the STATE are loaded; when they come again, they are recognised."""
    properties = {"LastName": {"type": "string"}}
    head = schema(properties=properties, key=None)
    rows = [contact(n, External_Id__c=None) for n in range(20)]
    rows = [{**row, "record": {"LastName": row["record"]["LastName"]}} for row in rows]
    died = load([head, *rows[:10], state(Contact=10), *rows[10:15]], **INSERT)
    again = load([head, *rows[10:], state(Contact=20)], **INSERT)
    later = load([head, *rows[10:12], state(Contact=22)], **INSERT)

    assert died.states[-1]["bookmarks"]["Contact"] == 10
    assert (died.code, again.code, later.code) == (0, 0, 0)
    assert "5 rows were already processed by an earlier run" in again.stderr
    assert org.count("Contact") == 22


def test_a_schema_that_changed_meanwhile(
    org: Emulator, load: Callable[..., Result], start: Callable[..., Any]
) -> None:
    """Rows are recognised by their cells: a column that is new and empty does not matter."""
    break_off_after_a_job(org, start)
    loaded = org.count("Contact")
    head, *rows = ROWS
    properties = {"Title": {"type": ["string", "null"]}} | head["schema"]["properties"]
    wider = {**head, "schema": {**head["schema"], "properties": properties}}
    again = load([wider, *rows], **INSERT)

    assert loaded
    assert (again.code, org.count("Contact")) == (0, 20), again.stderr


def test_a_closed_pipe(
    org: Emulator, config: dict[str, Any], load: Callable[..., Result], tmp_path: Path
) -> None:
    """Nobody reads STATE: one clear line, and the next run doubles nothing."""
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        command(config | INSERT, tmp_path),
        input="".join(json.dumps(each) + "\n" for each in ROWS),
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    os.close(writer)
    again = load(ROWS, **INSERT)

    assert process.returncode == 1
    assert "The reader of stdout has closed the pipe" in process.stderr
    assert "Traceback" not in process.stderr
    assert (again.code, org.count("Contact")) == (0, 20), again.stderr


def test_a_full_disk(
    org: Emulator, config: dict[str, Any], load: Callable[..., Result], tmp_path: Path
) -> None:
    """One clear line; the journal is whole, and the next run loads everything."""
    many = [schema(key=None), *(contact(n) for n in range(20_000)), state(Contact=1)]
    line = " ".join(f"'{part}'" for part in command(config | INSERT, tmp_path))
    process = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; ulimit -f 600; exec {line}"],  # blocks of 1024 bytes
        input="".join(json.dumps(each) + "\n" for each in many),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    again = load(many, **INSERT)

    assert (process.returncode, process.stdout) == (1, "")
    assert "cannot be used: [Errno 27] File too large" in process.stderr
    assert "Traceback" not in process.stderr
    assert (again.code, org.count("Contact")) == (0, 20_000), again.stderr


def test_a_damaged_journal(load: Callable[..., Result]) -> None:
    """Refused, with the way out."""
    first = load(ROWS)
    (first.org_dir / "journal.sqlite3").write_bytes(b"not a database" * 1000)
    result = load(ROWS)

    assert result.code == 1
    assert "is damaged" in result.last_line
    assert "move it away" in result.last_line


def test_a_journal_of_a_later_version(load: Callable[..., Result]) -> None:
    """Refused, with the way out."""
    first = load(ROWS)
    with sqlite3.connect(first.org_dir / "journal.sqlite3") as journal:
        journal.execute("PRAGMA user_version = 99")
    journal.close()
    result = load(ROWS)

    assert result.code == 1
    assert "written by a later version" in result.last_line


def test_a_link_in_the_way(load: Callable[..., Result], tmp_path: Path) -> None:
    """Somebody else's file is not written through it."""
    journal = load([schema()]).org_dir / "journal.sqlite3"
    (tmp_path / "precious").write_text("precious")
    journal.unlink()
    journal.symlink_to(tmp_path / "precious")
    result = load(ROWS)

    assert result.code == 1
    assert "cannot be used" in result.last_line
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_folder_that_others_may_read_is_closed(
    load: Callable[..., Result], tmp_path: Path
) -> None:
    """It will hold customer data."""
    (tmp_path / "state").mkdir(mode=0o755)
    load(ROWS)

    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


@pytest.fixture
def jobs(act: Callable[..., Any]) -> Callable[..., Any]:
    """Run a `jobs` command as a process."""
    return partial(act, "jobs")


def test_jobs_are_listed_and_shown(org: Emulator, load: Callable[..., Result], jobs: Any) -> None:
    """From the journal, and from Salesforce."""
    load(UPSERT)
    job_id = org.jobs()[0]["id"]
    listed, shown = jobs("list"), jobs("show", job_id)
    missing = jobs("show", "750000000000000AAA")

    assert f"{job_id}  batch 1  released   Contact → Contact, upsert" in listed.stdout
    assert "20 rows: 20 loaded\n" in listed.stdout
    assert json.loads(shown.stdout)["state"] == "JobComplete"
    assert missing.returncode == 1
    assert "NOTFOUND" in missing.stderr


def test_jobs_are_resumed_without_input(
    org: Emulator, load: Callable[..., Result], jobs: Any
) -> None:
    """What a run left under way is brought to an end."""
    org.configure(seconds_per_job=3)
    load(UPSERT, job_timeout_seconds=1)
    result = jobs("resume")

    assert (result.returncode, result.stdout) == (0, "No job is in progress.\n")
    assert json.loads(jobs("list", "--json").stdout)[0]["loaded"] == 20


def test_results_are_downloaded(org: Emulator, load: Callable[..., Result], jobs: Any) -> None:
    """All three files."""
    load(UPSERT)
    result = jobs("results", org.jobs()[0]["id"], "--output", "results")

    assert len(result.stdout.splitlines()) == 3


def test_an_open_job_is_aborted(org: Emulator, jobs: Any) -> None:
    """By its id."""
    url = f"{org.url}/services/data/v67.0/jobs/ingest"
    request = {"object": "Contact", "operation": "insert"}
    made = requests.post(url, json=request, headers=token(org), timeout=9)
    result = jobs("abort", made.json()["id"])

    assert result.stdout == f"Job {made.json()['id']} is Aborted.\n"
