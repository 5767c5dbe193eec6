"""A run loads batches into an org in memory, and reports what happened."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from org_in_memory import OrgInMemory, refused, write_rows
from prometheus_client.parser import text_string_to_metric_families
from sample_batches import make_plan

from target_salesforce_bulk import run as module
from target_salesforce_bulk.errors import (
    AuthenticationError,
    LoadError,
    SalesforceError,
    StateDirectoryError,
    Terminated,
)
from target_salesforce_bulk.journal.batch import BatchColumn
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.login.connect import connect
from target_salesforce_bulk.reporting.report.files import read_report
from target_salesforce_bulk.rows.csvfile import encode_row
from target_salesforce_bulk.run import Run
from target_salesforce_bulk.salesforce.client import Client
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.settings import Settings
from target_salesforce_bulk.singer.checkpoint import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.reporting.report.schema import Report

#: The mapping of a stream.
RESOLVED: Any = SimpleNamespace(sobject=SimpleNamespace(name="Contact"))
PLAN = make_plan(
    operation=Operation.INSERT, columns=(BatchColumn(header="LastName", type="string"),), key=None
)
STATE = {"bookmarks": {"people": {"replication_key": "id", "replication_key_value": 1}}}


@pytest.fixture
def org(monkeypatch: pytest.MonkeyPatch) -> OrgInMemory:
    """The org that runs load into."""
    org = OrgInMemory()
    monkeypatch.setattr(Client, "find_api_usage", lambda _: None)
    monkeypatch.setattr(module, "IngestApi", lambda _: org)
    return org


@pytest.fixture
def begin(settings: dict[str, Any], org: OrgInMemory) -> Callable[..., Run]:
    """Open a run with more settings, in which every job is polled at once."""

    def begin(**more: Any) -> Run:
        assert org.jobs is not None
        typed = Settings.from_config(settings | {"poll_interval_seconds": 0.001} | more)
        return Run.open(typed, connect(typed))

    return begin


def fill(run: Run, *names: str, plan: LoadPlan = PLAN) -> tuple[Batch, int]:
    """An open batch with rows, and its bytes."""
    run.intake.stream_started("people", "people", RESOLVED)
    run.intake.note_rows("people")
    batch = run.intake.open_batch(plan)
    return batch, write_rows(batch.csv, [plan.columns[0].header], [*names])


def send(run: Run, *names: str, plan: LoadPlan = PLAN) -> None:
    """Load rows as one batch."""
    batch, size = fill(run, *names, plan=plan)
    run.intake.hand_over(batch, rows=len(names), size=size, merged=0)


def states(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    """The STATE lines on stdout, without the ledger."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [{"bookmarks": {"people": each["bookmarks"]["people"]}} for each in lines]


def test_rows_are_loaded_and_covered(
    begin: Any, org: OrgInMemory, capsys: pytest.CaptureFixture[str]
) -> None:
    """STATE is written once they are settled."""
    with begin() as run:
        send(run, "Ada", "Grace")
        run.intake.state_received(STATE)
        run.finish()

    assert org.records() == ["Ada", "Grace"]
    assert states(capsys) == [STATE]


def test_loaded_rows_are_reported(begin: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """With the API calls of the connection."""
    with begin() as run:
        for _ in range(7):
            run._client._meter.sent()
        send(run, "Ada", "Grace")
        run.finish()
    report = capsys.readouterr().err.splitlines()

    assert report[0].endswith(" seconds, 7 API calls")
    assert report[2].split()[:5] == ["people", "→", "Contact", "0", "2"]


def metrics_of(path: Path, *names: str) -> list[float]:
    """The values of some metrics in a file, without labels that count outcomes."""
    values = {
        sample.name.removeprefix("target_salesforce_bulk_"): sample.value
        for family in text_string_to_metric_families(path.read_text())
        for sample in family.samples
    }
    return [values[name] for name in names]


NAMES = ("last_run_success", "api_calls_total", "records_read_total", "rows_total")


def test_the_metrics_of_a_run(begin: Any, tmp_path: Path) -> None:
    """They are written when it is closed."""
    path = tmp_path / "m.prom"
    with begin(metrics_file=str(path)) as run:
        for _ in range(7):
            run._client._meter.sent()
        run.intake.stream_started("people", "people", RESOLVED).read += 2
        send(run, "Ada", "Grace")
        run.finish()
        assert not path.exists()

    assert metrics_of(path, *NAMES) == [1, 7, 2, 2]


def test_the_metrics_of_a_run_that_fails(begin: Any, org: OrgInMemory, tmp_path: Path) -> None:
    """They have its errors by code; the time of the last success stays."""
    path = tmp_path / "m.prom"
    with begin(metrics_file=str(path)) as run:
        run.finish()
    (succeeded_at,) = metrics_of(path, "last_success_timestamp_seconds")
    org.errors["Bad"] = "REQUIRED_FIELD_MISSING:no:--"
    with begin(metrics_file=str(path), max_failed_percent=0) as run:
        send(run, "Bad")
        with pytest.raises(LoadError):
            run.finish()

    names = ("last_run_success", "errors_total", "last_success_timestamp_seconds")
    assert metrics_of(path, *names) == [0, 1, succeeded_at]


def test_failed_rows_are_those_of_the_run(begin: Any, org: OrgInMemory) -> None:
    """They go to a file below its id, and fail it beyond a threshold."""
    org.errors["Bad"] = "REQUIRED_FIELD_MISSING:no:--"
    with begin(max_failed_percent=0) as run:
        send(run, "Bad", "Ada")
        with pytest.raises(LoadError, match=r"^1 of 2 rows of stream people failed"):
            run.finish()
        files = [*(run.journal.state_dir / "failed").rglob("*.csv")]

    assert [each.parent.name for each in files] == [run.id]


def test_a_bad_canary_stops_its_stream(begin: Any, org: OrgInMemory) -> None:
    """The batch after it is not loaded."""
    org.errors["Bad"] = "REQUIRED_FIELD_MISSING:no:--"
    with begin(canary_rows=1, max_failed_percent=0) as run:
        with run.intake.input_ends():
            send(run, "Bad")
            send(run, "Ada")
        with pytest.raises(LoadError, match=r"The rest of the stream is not sent\.$"):
            run.finish()

    assert org.records() == []


def test_an_error_of_all_streams_is_reported_too(
    begin: Any, org: OrgInMemory, capsys: pytest.CaptureFixture[str]
) -> None:
    """The summary comes before the error."""

    def deny() -> None:
        raise AuthenticationError("no longer")

    org.always["create"] = deny
    with begin() as run:
        batch, size = fill(run, "Ada")
        run.load_again(run.journal.seal(batch.id, rows=1, size=size, merged=0))
        with pytest.raises(SalesforceError, match=r"^no longer$"):
            run.finish()
        assert capsys.readouterr().err.startswith(f"Run {run.id}: ")


def test_a_withheld_state_fails_the_run(begin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is in the error."""
    monkeypatch.setattr(module.Checkpoint, "withheld", "a reason")
    with begin() as run, pytest.raises(LoadError, match=r"because a reason\.$"):
        run.finish()


@pytest.mark.parametrize(
    ("end", "refuses", "completes"),
    [("finish", False, 1), ("finish", True, 0), ("finish_left", False, 0)],
)
def test_when_the_input_is_complete(
    begin: Any,
    org: OrgInMemory,
    monkeypatch: pytest.MonkeyPatch,
    *,
    end: str,
    refuses: bool,
    completes: int,
) -> None:
    """If it was read to its end and no stream stopped; otherwise rows may come again."""
    completed: list[bool] = []
    monkeypatch.setattr(module.LiveIntake, "complete", lambda _: completed.append(True))

    def refuse() -> None:
        raise refused("INVALIDENTITY")

    if refuses:
        org.always["create"] = refuse
    with begin() as run:
        send(run, "Ada")
        try:
            getattr(run, end)()
        except LoadError:
            assert refuses

    assert len(completed) == completes


def test_stored_rows_are_loaded_again(
    begin: Any, org: OrgInMemory, capsys: pytest.CaptureFixture[str]
) -> None:
    """And reported by their stream and object."""
    with begin() as run:
        batch = run.journal.open_batch(PLAN)
        size = write_rows(batch.csv, ["LastName"], ["Ada"])
        run.load_again(run.journal.seal(batch.id, rows=1, size=size, merged=0))
        run.finish_left()
    row = capsys.readouterr().err.splitlines()[2].split()

    assert org.records() == ["Ada"]
    assert row[:5] == ["people", "→", "Contact", "0", "1"]


def test_stored_rows_that_cannot_be_loaded(begin: Any, org: OrgInMemory) -> None:
    """Their stream stops, and they stay stored."""

    def refuse() -> None:
        raise refused("INVALIDENTITY")

    org.always["create"] = refuse
    with begin() as run:
        batch = run.journal.open_batch(PLAN)
        size = write_rows(batch.csv, ["LastName"], ["Ada"])
        run.load_again(run.journal.seal(batch.id, rows=1, size=size, merged=0))
        with pytest.raises(LoadError, match=r"^Stream people stopped, and its rows stay stored: "):
            run.finish_left()


def test_no_worker_outlives_a_run(begin: Any) -> None:
    """Also if the run did not finish."""
    before = {*threading.enumerate()}
    with begin():
        workers = {*threading.enumerate()} - before

    assert workers
    assert [each.name for each in workers if each.is_alive()] == []


def test_files_that_a_killed_run_left_of_a_settled_batch(begin: Any) -> None:
    """The next run removes them, as it needs only what is remembered of the rows."""
    with begin() as first:
        send(first, "Ada")
        first._loader.drain()
        (batch,) = first.journal.batches(BatchState.SETTLED)
    batch.folder.mkdir(exist_ok=True)
    with begin() as second:
        (released,) = second.journal.batches(BatchState.RELEASED)

    assert (released.id, batch.folder.exists()) == (batch.id, False)


def test_deletes_of_a_run_that_broke_off_are_remembered(begin: Any) -> None:
    """One that comes again and finds no record counts as loaded."""
    deletes = {"people": {"operation": "delete", "max_delete_percent": 100}}
    columns = (BatchColumn(header="Id", type="id"),)
    plan = make_plan(operation=Operation.DELETE, columns=columns, key="Id")
    with begin(streams=deletes) as first:
        send(first, "003A", plan=plan)
        first._loader.drain()
    with begin(streams=deletes) as second:
        was_dealt = second.journal.recognised.was_dealt
        found = [was_dealt("people", encode_row([each])) for each in ("003A", "003B")]

    assert found == [True, False]


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The bookmarks from which the checkpoint of each run takes the tap to start."""
    found: list[Any] = []

    def make(*args: Any, starts: Any, **kwargs: Any) -> Checkpoint:
        found.append(starts)
        return Checkpoint(*args, starts=starts, **kwargs)

    monkeypatch.setattr(module, "Checkpoint", make)
    return found


def test_a_run_that_was_closed_was_not_killed(
    begin: Any, starts: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """So the STATE that it wrote is where the next tap starts."""
    with begin() as first:
        first.intake.stream_started("people", "people", RESOLVED)
        first.intake.state_received(STATE)
        first.finish()
    begin().close()

    assert states(capsys) == [STATE]
    assert starts == [{}, STATE["bookmarks"]]


def test_where_the_tap_starts_after_a_kill(begin: Any, starts: list[Any]) -> None:
    """Nowhere that is known: the STATE of the killed run may be lost."""
    killed = begin()
    killed.intake.stream_started("people", "people", RESOLVED)
    killed.intake.state_received(STATE)
    killed.finish()
    killed.journal.close()
    begin().close()

    assert starts == [{}, None]


def test_closing_releases_the_state_directory_on_a_full_disk(
    begin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be noted then does not matter."""

    def refuse(_: Any) -> None:
        raise StateDirectoryError("full")

    run = begin()
    with monkeypatch.context() as patched:
        patched.setattr(module.SqliteJournal, "leave_run", refuse)
        run.close()

    begin().close()


def test_the_state_directory_is_checked_before_the_login(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    """A login may replace the refresh token, and the new one would be lost."""
    (tmp_path / "of somebody else").touch()
    typed = Settings.from_config(settings | {"state_dir": str(tmp_path)})
    client: Any = object()  # a login would fail

    with pytest.raises(StateDirectoryError):
        Run.open(typed, client)


def report_of(run: Run) -> Report:
    return read_report(run.journal.state_dir / "reports" / f"{run.id}.json")


def test_a_run_writes_its_report(begin: Any, org: OrgInMemory) -> None:
    """With the steps of its jobs, when everything is said that is to be said."""
    org.errors["Bad"] = "REQUIRED_FIELD_MISSING:no:--"
    with begin(max_failed_percent=0) as run:
        send(run, "Bad", "Ada")
        with pytest.raises(LoadError):
            run.finish()
    report = report_of(run)
    (job,) = report.jobs

    assert (report.loaded, report.not_loaded, report.reading.complete) == (1, 1, True)
    assert [(each.job, each.stream) for each in report.batches] == [(job.id, "people")]
    assert None not in (job.created_at, job.uploaded_at, job.closed_at, job.finished_at)
    assert report.settings["max_failed_percent"] == 0
    assert "access_token" not in report.settings


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (None, "succeeded"),
        (LoadError("bad"), "attention"),
        (StateDirectoryError("full"), "stopped"),
        (Terminated(15), "interrupted"),
    ],
)
def test_the_report_tells_how_the_run_ended(
    begin: Any, error: BaseException | None, verdict: str
) -> None:
    """By the error that is under way while the run is closed."""

    def end() -> None:
        if error is not None:
            raise error

    with suppress(BaseException), begin() as run:
        end()

    assert report_of(run).verdict == verdict


def test_a_run_that_cannot_begin_is_reported(
    begin: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the reason."""

    def refuse(_: Any) -> None:
        raise AuthenticationError("no longer")

    monkeypatch.setattr(module.Resume, "run", refuse)
    with pytest.raises(AuthenticationError):
        begin()
    (path,) = tmp_path.rglob("reports/*.json")

    assert (read_report(path).verdict, read_report(path).problem) == ("stopped", "no longer")
