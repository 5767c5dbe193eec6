"""The journal for commands that do not log in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import ORG_ID, make_plan, org_folder

from target_salesforce_bulk.errors import SettingsError, StateDirectoryError
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.journal_access import journal_to_change, journal_to_read
from target_salesforce_bulk.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

WAYS = pytest.mark.parametrize("way", [journal_to_read, journal_to_change])


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """A state directory in which a run has begun a batch."""
    with SqliteJournal(org_folder(tmp_path / "state")) as journal:
        journal.start_run("r1")
        journal.open_batch(make_plan())
    return tmp_path / "state"


def settings(state_dir: Path, **more: str) -> Settings:
    return Settings.from_config({"state_dir": str(state_dir), **more})


def contents(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


@WAYS
def test_where_no_run_has_left_anything(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, way: Any
) -> None:
    """There is no journal, which is said, and none is made."""
    with way(settings(tmp_path / "state"), None) as journal:
        assert journal is None

    assert caplog.messages == [
        f"No run has left anything in the state directory {tmp_path / 'state'}"
    ]
    assert list(tmp_path.iterdir()) == []


@WAYS
def test_an_org_in_which_no_run_got_to_its_journal(tmp_path: Path, way: Any) -> None:
    """There is none either."""
    folder = org_folder(tmp_path / "state")

    with way(settings(tmp_path / "state"), ORG_ID) as journal:
        assert journal is None
    assert list(folder.iterdir()) == []


def test_reading_changes_nothing(state_dir: Path) -> None:
    """Also where a run was killed; what it has left is removed by the next one."""
    before = contents(state_dir)

    with journal_to_read(settings(state_dir), None) as journal:
        assert journal is not None
        states = [batch.state for batch in journal.batches(*BatchState)]
    assert (states, contents(state_dir)) == ([BatchState.FILLING], before)


def test_reading_beside_a_run_that_keeps_others_from_changing(state_dir: Path) -> None:
    """What is stored is shown; removing something from it waits for no run."""
    used = settings(state_dir)
    with SqliteJournal(state_dir / ORG_ID):
        with journal_to_read(used, ORG_ID) as journal:
            assert journal is not None
        with pytest.raises(StateDirectoryError, match="is in use"), journal_to_change(used, ORG_ID):
            pass


def test_it_is_closed(state_dir: Path) -> None:
    """Also where the command fails, so that the next one can use it."""
    with pytest.raises(ZeroDivisionError), journal_to_change(settings(state_dir), ORG_ID):
        raise ZeroDivisionError
    with journal_to_change(settings(state_dir), ORG_ID) as journal:
        assert journal is not None


@WAYS
def test_an_org_that_is_not_there(state_dir: Path, way: Any) -> None:
    """It is refused, as a wrong name would hide the rows."""
    with pytest.raises(SettingsError, match="has no data of org 00D000000000002"):
        way(settings(state_dir), "00D000000000002").__enter__()


def test_the_only_org_is_read_and_not_changed_by_a_login_that_was_never_there(
    state_dir: Path,
) -> None:
    """Its rows may be those of another org than the user means."""
    stranger = settings(state_dir, client_id="app", client_secret="s")

    with journal_to_read(stranger, None) as journal:
        assert journal is not None
    with pytest.raises(SettingsError, match="have not logged in to"):
        journal_to_change(stranger, None).__enter__()
