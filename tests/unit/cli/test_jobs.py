"""The `jobs` commands."""

from __future__ import annotations

import json
from contextlib import nullcontext
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import make_plan, org_folder

from target_salesforce_bulk.cli.jobs import jobs
from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.lifecycle import Event
from target_salesforce_bulk.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("process_state")


@pytest.fixture
def run(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """Invoke a command of the group."""
    return partial(invoke, jobs)


@pytest.fixture
def two_batches(tmp_path: Path) -> None:
    with SqliteJournal(org_folder(tmp_path / "state")) as journal:
        journal.start_run("r1")
        journal.open_batch(make_plan(stream="users", sobject="User"))
        batch = journal.seal(journal.open_batch(make_plan()).id, rows=1200, size=9, merged=0)
        journal.record(batch.id, Event.CREATED, job_id="750000000000001AAA", jobs_made=1)


@pytest.mark.usefixtures("two_batches")
def test_list(run: Any) -> None:
    """The newest first, one line each with its time, also for a batch without a job."""
    times = [job["changed_at"][:19] + "Z" for job in json.loads(run("list", "--json").stdout)]

    assert run("list").stdout.splitlines() == [
        f"{times[0]}  750000000000001AAA  batch 2  created    people → Contact, upsert, 1,200 rows",
        f"{times[1]}  no job              batch 1  filling    users → User, upsert, 0 rows",
    ]


def test_list_shows_what_the_org_had_used(run: Any, tmp_path: Path) -> None:
    """As the newest run that knew it has noted it; past the allowance nothing is left."""
    with SqliteJournal(org_folder(tmp_path / "state")) as journal:
        for name, used in (("r1", 5), ("r2", 1200)):
            journal.start_run(name)
            journal.note_api_usage(used, 1000)
        journal.start_run("r3")
        _, _, at = journal.api_usage() or (0, 0, "")

    assert run("list").stdout.splitlines() == [
        "No jobs.",
        f"{at[:19]}Z: the org had used 1,200 of 1,000 API requests in 24 hours; 0 were left.",
    ]


@pytest.mark.usefixtures("two_batches")
def test_list_as_json(run: Any) -> None:
    """As many as are asked for."""
    (job,) = json.loads(run("list", "--json", "--number", "1").stdout)
    changed_at = job.pop("changed_at")

    assert changed_at.endswith("+00:00")
    assert job == {
        "batch": 2,
        "stream": "people",
        "object": "Contact",
        "operation": "upsert",
        "run_id": "r1",
        "state": "created",
        "rows": 1200,
        "job_id": "750000000000001AAA",
        "loaded": None,
        "failed": None,
        "unprocessed": None,
        "uncertain": None,
        "retried": None,
        "superseded": 0,
    }


def test_forget(run: Any) -> None:
    """It says how many rows it forgot."""
    assert run("forget", "people").stdout == "0 rows of stream people forgotten.\n"


def test_resume(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is opened and what was left is finished: nothing is read, nothing stored is sent."""
    opened: list[Path] = []

    def open_run(settings: Any, client: Any) -> Any:
        opened.append(settings.state_dir)
        return nullcontext(SimpleNamespace(finish_left=lambda: None))

    monkeypatch.setattr(Run, "open", open_run)
    result = run("resume")

    assert (result.exit_code, result.stdout, len(opened)) == (0, "No job is in progress.\n", 1)


@pytest.mark.parametrize("name", ["show", "abort", "results"])
@pytest.mark.parametrize("job_id", ["../../limits", "750000000000001/..", "x" * 18, "", "750?a=b"])
def test_what_is_no_job_id(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, job_id: str
) -> None:
    """It reaches no URL and no file name, and nothing is sent."""
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.rglob("*"))
    with pytest.raises(SettingsError, match="is not a job id"):
        run(name, job_id)

    assert set(tmp_path.rglob("*")) == before
