"""Each stream tells what is known, whole, and what has changed since a bookmark."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from known_outcomes import INSERTS
from sample_batches import ORG_ID, org_folder
from singer_sdk.singerlib import RecordMessage
from stored_results import failed, load, loaded, saved

from target_salesforce_bulk.journal.failed_rows import FailedRow, Origin, RowError
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.results import schemas
from target_salesforce_bulk.tap import TapSalesforceBulkResults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADA = ("003A", "true", "A-1", "1", "Dr")
BOB = ("003B", "false", "A-2", "1", "Dr")
#: Numbers and lines of one loaded row and four that failed.
NUMBERED = [(1, 1), (2, 0), (3, 0), (4, 0), (5, 0)]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with SqliteJournal(org_folder(tmp_path / "state")) as journal:
        journal.start_run("r1")
        yield journal


def records(journal: SqliteJournal, stream: str, since: str = "") -> list[dict[str, Any]]:
    """The records of a stream from a bookmark on."""
    config = {"state_dir": str(journal.state_dir.parent)}
    tap = TapSalesforceBulkResults(config=config, validate_config=False)
    return list(tap.streams[stream].records(journal.state_dir, since))  # type: ignore[attr-defined]


def row_of(**facts: Any) -> dict[str, Any]:
    """A record of load_rows; what is not given is null."""
    common = {
        "org": ORG_ID,
        "run": "r1",
        "load_job": "r1/1",
        "job": "750-1",
        "stream": "people",
        "object": "Contact",
        "operation": "upsert",
        "key_field": "Key__c",
        "attempt": 1,
    }
    return dict.fromkeys(schemas.ROWS["properties"]) | common | facts


def test_rows(journal: SqliteJournal) -> None:
    """Loaded, failed, refused, unprocessed and uncertain ones, with all that is known."""
    local = FailedRow(
        row={"Phone": "1"},
        error=RowError(code="MISSING_ARGUMENT", message="No key."),
        origin=Origin.LOCAL,
    )
    load(
        journal,
        loaded("A-1"),
        failed("B-1"),
        failed("B-2", "UNPROCESSED:ended early:--"),
        failed("B-3", "UNCERTAIN:unclear:--"),
        saved=saved(ADA),
        refused=[local],
    )
    found = records(journal, "load_rows")
    born = found[0]["sequence"].partition("-")[0]
    times = [each.pop("settled_at") for each in found]

    assert all(times)
    assert [each.pop("sequence") for each in found] == [
        f"{born}-{number:012}-{line:09}" for number, line in NUMBERED
    ]
    for each in found:
        del each["hint"]
    bare = {"code": "X", "class": "permanent"}
    expected = [
        row_of(id="r1/1/1", key="A-1", status="loaded", salesforce_id="003A", created=True),
        row_of(
            id="r1/1/failed/1",
            job=None,
            attempt=0,
            cells='{"Phone": "1"}',
            status="refused",
            **bare | {"code": "MISSING_ARGUMENT", "message": "No key."},
        ),
        row_of(
            id="r1/1/failed/2",
            key="B-1",
            status="failed",
            fields="Email",
            **bare
            | {"code": "INVALID_EMAIL_ADDRESS", "message": "Email: invalid email address: no"},
        ),
        row_of(
            id="r1/1/failed/3",
            key="B-2",
            status="unprocessed",
            **bare | {"code": "UNPROCESSED", "message": "ended early"},
        ),
        row_of(
            id="r1/1/failed/4",
            key="B-3",
            status="uncertain",
            **bare | {"code": "UNCERTAIN", "message": "unclear"},
        ),
    ]
    for each in expected:
        del each["settled_at"], each["sequence"], each["hint"]
    assert found == expected


def test_hints(journal: SqliteJournal) -> None:
    """They come from the one table: by code, by text, or none at all."""
    locked = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:t: UNABLE_TO_LOCK_ROW:--"
    load(journal, failed("B-1"), failed("B-2", locked), failed("B-3", "NEW_CODE:who knows:--"))
    hints = [each["hint"] for each in records(journal, "load_rows")]

    assert [hint and hint.split()[0] for hint in hints] == ["Correct", "Another", None]


def test_inserted_rows(journal: SqliteJournal) -> None:
    """They have no key, but their cells."""
    load(journal, loaded("A-1"), saved=saved(ADA), plan=INSERTS)
    (found,) = records(journal, "load_rows")

    cells = '{"Key__c": "A-1", "Phone": "1", "Title": "Dr"}'
    assert (found["key_field"], found["key"], found["cells"]) == (None, None, cells)


def test_a_bookmark(journal: SqliteJournal) -> None:
    """Only the row at it comes again, also in the middle of a batch, and whatever changed."""
    load(journal, loaded("A-1"), loaded("A-2"), failed("B-1"), saved=saved(ADA, BOB))
    first = records(journal, "load_rows")
    assert records(journal, "load_rows", first[1]["sequence"]) == first[1:]
    assert records(journal, "load_rows", first[2]["sequence"]) == first[2:]

    journal.failures.discard(Selection(name="B-1"))
    (found,) = records(journal, "load_rows", first[2]["sequence"])
    names = ("id", "key", "status", "code", "message", "hint")
    assert [found[name] for name in names] == [
        "r1/1/failed/1",
        "B-1",
        "resolved",
        "INVALID_EMAIL_ADDRESS",
        None,
        None,
    ]
    assert found["sequence"] > first[2]["sequence"]
    assert found["resolved_at"] is not None


@pytest.mark.parametrize("since", ["20200101T000000.000Z-000000000007-000000000000", "2020-01-01"])
def test_a_bookmark_from_elsewhere(
    journal: SqliteJournal, caplog: pytest.LogCaptureFixture, since: str
) -> None:
    """It says nothing of this state directory: every row comes, and one line says so."""
    load(journal, failed("B-1"))
    with caplog.at_level(logging.WARNING):
        found = records(journal, "load_rows", since)

    assert [each["key"] for each in found] == ["B-1"]
    assert "every row is sent again" in caplog.text
    assert "B-1" not in caplog.text


def test_jobs(journal: SqliteJournal) -> None:
    """The counts of a settled batch, and the state of one that waits."""
    batch = load(journal, loaded("A-1"), failed("B-1"))
    found = records(journal, "load_jobs")
    (changed_at,) = [each.pop("changed_at") for each in found]

    assert found == [
        {
            "id": "r1/1",
            "org": ORG_ID,
            "run": "r1",
            "batch": 1,
            "job": "750-1",
            "stream": "people",
            "object": "Contact",
            "operation": "upsert",
            "key_field": "Key__c",
            "state": "settled",
            "rows": 0,
            "bytes": batch.size,
            "merged": 0,
            "superseded": 0,
            "loaded": 1,
            "failed": 1,
            "unprocessed": 0,
            "uncertain": 0,
            "refused": 0,
            "retried": 0,
            "jobs_made": 1,
            "attempt": 1,
            "parent": None,
        }
    ]
    assert [each["id"] for each in records(journal, "load_jobs", changed_at)] == ["r1/1"]


def test_runs(journal: SqliteJournal) -> None:
    """How each of them ended."""
    journal.leave_run()
    journal.end_run()
    journal.start_run("r2")
    journal.leave_run()
    journal.start_run("r3")
    journal.start_run("r4")
    found = {each["run"]: each for each in records(journal, "load_runs")}

    assert {run: each["status"] for run, each in found.items()} == {
        "r1": "complete",
        "r2": "partial",
        "r3": "killed",
        "r4": "open",
    }
    assert [found["r2"][name] for name in ("jobs", "loaded", "failed")] == [0, 0, 0]


@pytest.mark.parametrize("stream", ["load_runs", "load_jobs", "load_rows"])
def test_every_column_is_in_the_schema(journal: SqliteJournal, stream: str) -> None:
    """The SDK is told not to look."""
    load(journal, failed("B-1"))
    load(journal, loaded("A-1"), saved=saved(ADA))
    tap = TapSalesforceBulkResults(config={}, validate_config=False)
    columns = [*tap.streams[stream].schema["properties"]]

    assert all([*each] == columns for each in records(journal, stream))


def written(tap: TapSalesforceBulkResults, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The records of runs that it writes."""
    messages: list[Any] = []
    monkeypatch.setattr(tap, "write_message", messages.append)
    tap.streams["load_runs"].sync()
    return [each.record for each in messages if isinstance(each, RecordMessage)]


def test_selected_columns(journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column that is not selected is left out."""
    config = {"state_dir": str(journal.state_dir.parent)}
    catalog = TapSalesforceBulkResults(config=config).catalog_dict
    entry = next(each for each in catalog["streams"] if each["tap_stream_id"] == "load_runs")
    for each in entry["metadata"]:
        inclusion = {"selected": each["breadcrumb"][-1:] not in (["org"], ("org",))}
        each["metadata"] |= inclusion
    tap = TapSalesforceBulkResults(config=config, catalog=catalog)
    (found,) = written(tap, monkeypatch)

    assert set(schemas.RUNS["properties"]) - set(found) == {"org"}


def test_a_stream_map(journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it makes of a record is written."""
    maps = {"load_runs": {"org": "__NULL__", "name": "run + '!'"}}
    config = {"state_dir": str(journal.state_dir.parent), "stream_maps": maps}
    (found,) = written(TapSalesforceBulkResults(config=config), monkeypatch)

    assert (found["name"], "org" in found) == ("r1!", False)
