"""The functions behind the `failed` commands."""

from __future__ import annotations

import json
import stat
from dataclasses import asdict
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import ORG_ID, failed_row, make_plan, org_folder, stored_row

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.failed import commands
from target_salesforce_bulk.journal.failed_rows import FailureClass, RowError
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = Selection()
CLIENT: Any = SimpleNamespace(org_id=ORG_ID)


@pytest.fixture
def stored(tmp_path: Path) -> Settings:
    """The settings of a state directory with two failed rows."""
    state_dir = tmp_path / "state"
    busy = RowError(code="UNABLE_TO_LOCK_ROW", message="busy")
    with SqliteJournal(org_folder(state_dir)) as journal:
        journal.start_run("r1")
        rows = [
            failed_row("K-1"),
            failed_row(
                "K-2",
                row={"Key__c": "K-2", "LastName": "#N/A"},
                error=busy,
                failure_class=FailureClass.TRANSIENT,
            ),
        ]
        journal.adopt(make_plan(), "750000000000001AAA", rows)
    return Settings.from_config({"state_dir": str(state_dir)})


def hint(code: str, message: str) -> str:
    return ErrorTable().kind(code, message).hint


def test_groups(stored: Settings) -> None:
    """By stream and code, each with a hint."""
    assert commands.groups(stored, EVERYTHING) == [
        {
            "stream": "people",
            "code": code,
            "class": failure_class,
            "rows": 1,
            "message": message,
            "hint": hint(code, message),
            "keys": [key],
        }
        for code, failure_class, message, key in (
            ("DUPLICATE_VALUE", "permanent", "duplicate value", "K-1"),
            ("UNABLE_TO_LOCK_ROW", "transient", "busy", "K-2"),
        )
    ]


def test_groups_as_lines() -> None:
    """A line for each group, and one for its hint if it has one."""
    group = {"stream": "s", "rows": 1200, "code": "C", "class": "permanent", "message": "no"}

    assert commands.as_lines([]) == ["No failed rows."]
    assert commands.as_lines(
        [group | {"keys": ["a", "b"], "hint": "Do it."}, group | {"keys": [], "hint": ""}]
    ) == [
        "s: 1,200 x C (permanent): no  [a, b]",
        "    Do it.",
        "s: 1,200 x C (permanent): no",
    ]


def test_rows_as_lines() -> None:
    """Everything about a row, with its values."""
    row: dict[str, Any] = asdict(stored_row()) | {"hint": "Merge them."}
    unsent = asdict(stored_row(job_id=None, row={})) | {"hint": ""}

    assert commands.rows_as_lines([row, unsent]) == [
        "Row 7 of stream people → Contact, upsert",
        "  DUPLICATE_VALUE: duplicate value",
        "  Merge them.",
        "  permanent, attempt 2, 2026-01-01T00:00:00.000+00:00, job 7501",
        "    Key__c = K-1",
        "    LastName = Ada",
        "",
        "Row 7 of stream people → Contact, upsert",
        "  DUPLICATE_VALUE: duplicate value",
        "  permanent, attempt 2, 2026-01-01T00:00:00.000+00:00, job none: refused before sending",
    ]


def test_discard(stored: Settings) -> None:
    """Only what is selected goes."""
    result = commands.discard(stored, Selection(code="DUPLICATE_VALUE"))

    assert result == {"discarded": 1, "files": []}
    assert [row["key"] for row in commands.rows(stored, EVERYTHING)] == ["K-2"]


def test_export_as_csv(stored: Settings, tmp_path: Path) -> None:
    """The columns of all selected rows; the file is for its owner only."""
    path = tmp_path / "rows.csv"
    path.touch(0o644)

    assert commands.export(stored, EVERYTHING, "csv", path) == 2
    assert path.read_text().splitlines() == [
        '"stream","sf__Error","code","fields","job_id","attempt","Key__c","LastName"',
        '"people","DUPLICATE_VALUE: duplicate value","DUPLICATE_VALUE","Key__c",'
        '"750000000000001AAA","1","K-1","Name K-1"',
        '"people","UNABLE_TO_LOCK_ROW: busy","UNABLE_TO_LOCK_ROW","",'
        '"750000000000001AAA","1","K-2","#N/A"',
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_export_as_singer(stored: Settings, tmp_path: Path) -> None:
    """One SCHEMA for equal columns; `#N/A` becomes null. Only records count."""
    path = tmp_path / "rows.singer"

    assert commands.export(stored, EVERYTHING, "singer", path) == 2
    text = {"type": ["string", "null"]}
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {
            "type": "SCHEMA",
            "stream": "people",
            "schema": {"type": "object", "properties": {"Key__c": text, "LastName": text}},
            "key_properties": ["Key__c"],
        },
        {
            "type": "RECORD",
            "stream": "people",
            "record": {"Key__c": "K-1", "LastName": "Name K-1"},
        },
        {"type": "RECORD", "stream": "people", "record": {"Key__c": "K-2", "LastName": None}},
    ]


@pytest.mark.parametrize("content", ["not JSON", "[" * 100_000])
def test_a_state_file_that_is_not_json(stored: Settings, tmp_path: Path, content: str) -> None:
    """It is refused before a request is made."""
    path = tmp_path / "state.json"
    path.write_text(content)

    with pytest.raises(SettingsError, match="is not a STATE file: it is not JSON"):
        commands._entries(None, path, CLIENT)


@pytest.mark.parametrize("content", ["{}", "[]", "7", '{"bookmarks": {"Contact": 1}}'])
def test_a_file_that_is_no_state(tmp_path: Path, content: str) -> None:
    """Nothing is sent: the stored rows are not those that were meant."""
    path = tmp_path / "state.json"
    path.write_text(content)

    with pytest.raises(SettingsError, match="is not a STATE with failed rows"):
        commands._entries(None, path, CLIENT)


def test_a_state_of_another_org(tmp_path: Path) -> None:
    """Its jobs are not requested here."""
    path = tmp_path / "state.json"
    path.write_text('{"bookmarks": {"target-salesforce-bulk": {"org": "00D000000000002EAA"}}}')

    with pytest.raises(SettingsError, match="the STATE of org 00D000000000002EAA"):
        commands._entries(None, path, CLIENT)


def test_the_jobs_of_a_state(tmp_path: Path) -> None:
    """Rows that were never sent have no job to fetch; a job that is named needs no STATE."""
    path = tmp_path / "state.json"
    job, other = "750000000000001", "750000000000002"
    jobs = [{"job_id": job, "stream": "s"}, {"job_id": None, "stream": "s"}, {"job_id": "../x"}, 7]
    path.write_text(json.dumps({"bookmarks": {"target-salesforce-bulk": {"failed_jobs": jobs}}}))

    assert commands._entries(None, path, CLIENT) == [{"job_id": job, "stream": "s"}]
    assert commands._entries(other, path, CLIENT) == [{"job_id": other}]
    assert commands._entries(None, None, CLIENT) == []
    with pytest.raises(SettingsError, match="is not a job id"):
        commands._entries("../sobjects", None, CLIENT)


def test_a_retry_as_lines() -> None:
    """What was sent, and why the rest was not."""
    result = {"sent": 1200, "loaded": 1199, "failed": 1, "skipped": {"refused": 2}}

    assert commands.retry_as_lines(result) == [
        "1,200 rows sent again: 1,199 loaded, 1 failed again",
        "2 rows not sent, refused",
    ]
    one = {"sent": 1, "loaded": 1, "failed": 0, "skipped": {"refused": 1}}
    assert commands.retry_as_lines(one) == [
        "1 row sent again: 1 loaded, 0 failed again",
        "1 row not sent, refused",
    ]
