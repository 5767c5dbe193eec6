"""`dry_run` within a pipeline: everything is read, nothing is sent, and nothing is acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import CONTACT, contact, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

GONE = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"}
WITH_DELETES = schema(properties=CONTACT | {"_sdc_deleted_at": {"type": ["string", "null"]}})


def test_what_would_be_loaded(org: Emulator, load: Callable[..., Result], tmp_path: Path) -> None:
    """Mapping, counts and cost on stderr; no job, no STATE, no state directory."""
    rows = [contact(n) for n in range(300)]
    bad = contact(300, Email="nobody")
    result = load([schema(), *rows, bad, state(Contact=1)], dry_run=True, batch_size_rows=100)

    assert (result.code, result.stdout, org.jobs(), org.count("Contact")) == (0, "", [], 0)
    assert not (tmp_path / "state").exists()
    shown = result.stderr.splitlines()
    begin = shown.index("Stream Contact → Contact, upsert by External_Id__c")
    assert shown[begin:-1][:2] == [
        "Stream Contact → Contact, upsert by External_Id__c",
        "  External_Id__c  →  External_Id__c  string(80)",
    ]
    assert [line for line in shown if line.startswith(("Stream Contact: ", "  1 x", "About"))] == [
        "Stream Contact: 301 records, 300 rows to be sent, in 3 jobs of "
        f"{_bytes(shown)} bytes, 0 merged, 1 refused",
        "  1 x INVALID_EMAIL_ADDRESS: Email: invalid email address: nobody  [C-300]",
        "About 24 API requests, 0.02 % of the remaining limit",
    ]


def _bytes(shown: list[str]) -> str:
    line = next(each for each in shown if each.startswith("Stream Contact: "))
    return line.partition(" jobs of ")[2].partition(" bytes")[0]


def test_too_many_refused_rows(load: Callable[..., Result]) -> None:
    """The exit code is that of a load, and the last line says why."""
    result = load([schema(), contact(1), contact(2, Email="nobody")], dry_run=True)

    assert (result.code, result.last_line) == (
        1,
        "Nothing was sent. A load would fail: 1 of 2 rows of stream Contact failed, 50.00 %; "
        "max_failed_percent is 1.",
    )


def test_too_many_deletes(org: Emulator, load: Callable[..., Result]) -> None:
    """They are counted as a load does, and nothing is deleted."""
    org.insert("Contact", [{"LastName": "Old", "External_Id__c": f"C-{n}"} for n in range(200)])
    rows = [contact(n, **GONE) for n in range(30)]
    result = load([WITH_DELETES, *rows, state(Contact=1)], dry_run=True, deletes="delete")

    assert (result.code, result.stdout, org.count("Contact"), org.jobs()) == (1, "", 200, [])
    assert "30 rows to be sent, 30 of them deletes, in 1 job" in result.stderr
    assert "Stream Contact would delete 30 of 200 Contact records" in result.last_line


def test_a_stream_that_cannot_be_mapped(load: Callable[..., Result]) -> None:
    """As in a load."""
    streams = {"Contact": {"field_mapping": {"Nope": "Email"}}}
    result = load([schema(), contact(1)], dry_run=True, streams=streams)

    assert result.code == 1
    assert "Nope is no property of the stream" in result.last_line


@pytest.mark.parametrize(
    "arguments", [["failed", "retry"], ["jobs", "resume"], ["jobs", "abort", "750000000000001AAA"]]
)
def test_commands_that_would_send_or_change_something(
    org: Emulator, act: Callable[..., Any], arguments: list[str]
) -> None:
    """They are refused, and Salesforce is not asked."""
    result = act(*arguments, dry_run=True)

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1].endswith(
        "dry_run is true, so nothing is sent. Set it to false to load rows, to resend failed ones "
        "or to change jobs."
    )
    assert org.jobs() == []


def test_a_load_after_a_dry_run(org: Emulator, load: Callable[..., Result]) -> None:
    """Nothing of the dry run is left that could make it leave out a row."""
    messages = [schema(), *(contact(n) for n in range(5)), state(Contact=1)]
    load(messages, dry_run=True, operation="insert")
    result = load(messages, operation="insert")

    assert (result.code, org.count("Contact"), len(result.states)) == (0, 5, 1)
