"""Commands that do not log in open the journal of the org that is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import ORG_ID, failed_row, make_plan, org_folder

from target_salesforce_bulk.errors import SettingsError, StateDirectoryError
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal_access import journal_to_change, journal_to_read
from target_salesforce_bulk.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "00D000000000002EAA"
BOTH = pytest.mark.parametrize("access", [journal_to_read, journal_to_change])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_config({"state_dir": str(tmp_path / "state")})


@pytest.fixture
def one_row(settings: Settings) -> None:
    with SqliteJournal(org_folder(settings.state_dir)) as journal:
        journal.start_run("r1")
        journal.adopt(make_plan(), "750000000000001AAA", [failed_row("K-1")])


def keys(journal: Any) -> list[str]:
    return [row.key for row in journal.failures.select(Selection())]


@BOTH
@pytest.mark.parametrize("org_is_there", [False, True])
def test_no_journal(
    settings: Settings, caplog: pytest.LogCaptureFixture, access: Any, *, org_is_there: bool
) -> None:
    """It is said, and none is made."""
    if org_is_there:
        org_folder(settings.state_dir)
    before = sorted(settings.state_dir.parent.rglob("*"))
    with access(settings, None) as journal:
        assert journal is None

    assert caplog.messages == [
        f"No run has left anything in the state directory {settings.state_dir}"
    ]
    assert sorted(settings.state_dir.parent.rglob("*")) == before


@BOTH
@pytest.mark.usefixtures("one_row")
@pytest.mark.parametrize("org", [None, ORG_ID])
def test_the_journal_of_an_org(settings: Settings, access: Any, org: str | None) -> None:
    """Named, or the only one; it is closed afterwards."""
    with access(settings, org) as journal:
        assert keys(journal) == ["K-1"]
    with SqliteJournal(settings.state_dir / ORG_ID) as again:
        assert keys(again) == ["K-1"]


@BOTH
@pytest.mark.usefixtures("one_row")
def test_the_journal_of_another_org(settings: Settings, access: Any) -> None:
    """It is not that of the only one."""
    with pytest.raises(SettingsError, match="has nothing of org"), access(settings, OTHER):
        pass


@pytest.mark.usefixtures("one_row")
def test_beside_a_run(settings: Settings) -> None:
    """The journal may be read, but not changed."""
    with SqliteJournal(settings.state_dir / ORG_ID):
        with journal_to_read(settings, None) as journal:
            read = keys(journal)
        with pytest.raises(StateDirectoryError, match="is in use"):
            journal_to_change(settings, None).__enter__()

    assert read == ["K-1"]


@pytest.mark.usefixtures("one_row")
def test_what_is_open_to_be_read_cannot_be_changed(settings: Settings) -> None:
    """Rows are removed only where that was the purpose."""
    with journal_to_read(settings, None) as journal:
        assert journal is not None
        with pytest.raises(StateDirectoryError, match="cannot be used"):
            journal.failures.discard(Selection())
    with journal_to_change(settings, None) as journal:
        assert journal is not None
        discarded = journal.failures.discard(Selection())
        left = keys(journal)

    assert (discarded, left) == (1, [])
