"""A run opens, finishes and closes its parts."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from sample_batches import ORG_ID, make_batch, make_plan

from target_salesforce_bulk import run as module
from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.loading.events import Step, StreamStopped
from target_salesforce_bulk.login.connect import connect
from target_salesforce_bulk.run import Run
from target_salesforce_bulk.settings import Settings


@pytest.fixture
def begin(settings: dict[str, Any]) -> Any:
    """Open a run against an org that is never asked."""
    typed = Settings.from_config(settings)
    return lambda: Run.open(typed, connect(typed))


def test_an_open_run_holds_the_state_directory(begin: Any) -> None:
    """No other run gets it before this one is closed."""
    with begin() as first:
        with pytest.raises(StateDirectoryError, match=r"is in use by process \d+"):
            begin()
        first.close()
        begin().close()


def test_a_run_that_cannot_be_opened_releases_the_state_directory(
    begin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error does not block the next run."""

    def refuse(*_: Any) -> None:
        raise StateDirectoryError("no")

    with monkeypatch.context() as patched:
        patched.setattr(module.Resume, "run", refuse)
        with pytest.raises(StateDirectoryError, match=r"^no$"):
            begin()

    begin().close()


def test_a_run_without_rows(begin: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """It is reported, and it is a success."""
    with begin() as run:
        run.finish()
    first, second = capsys.readouterr().err.splitlines()

    assert first.startswith(f"Run {run.id}: ")
    assert first.endswith(" seconds, 0 API calls")
    assert second == "No records were read."


def test_an_exception_is_not_swallowed(begin: Any) -> None:
    """The run is closed all the same."""
    with pytest.raises(ZeroDivisionError), begin():
        raise ZeroDivisionError

    begin().close()


def test_what_was_not_closed_is_abandoned(begin: Any, settings: dict[str, Any]) -> None:
    """Opening settles what an earlier run left: a batch that was being filled needs no request."""
    begin().close()
    with SqliteJournal(Path(settings["state_dir"]) / ORG_ID) as journal:
        journal.start_run("r1")
        batch = journal.open_batch(make_plan())

    with begin() as run:
        (abandoned,) = run.journal.batches(BatchState.ABANDONED)

    assert (abandoned.id, batch.folder.exists()) == (batch.id, False)


def test_a_step_does_not_wait_for_state(begin: Any) -> None:
    """STATE may be stuck in a full pipe; jobs go on meanwhile, and tell of it."""
    entered, released = threading.Event(), threading.Event()

    def write_state(event: Any) -> None:
        entered.set()
        released.wait(30)

    with begin() as run:
        run.tally.stream_started("people", "Contact")
        run._events.subscribe(write_state)
        stopped = StreamStopped(stream="people", error=StateDirectoryError("no"))
        stuck = threading.Thread(target=run._events.publish, args=(stopped,))
        stuck.start()
        assert entered.wait(30)
        step = threading.Thread(
            target=run._batch_loader._steps.take, args=(Step.UPLOAD, make_batch(), lambda: None)
        )
        step.start()
        step.join(5)
        waits = step.is_alive()
        released.set()
        stuck.join()
        step.join()

    assert not waits
