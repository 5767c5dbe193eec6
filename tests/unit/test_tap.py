"""The tap finds the folder of the org, or says in one line why not."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from sample_batches import ORG_ID, org_folder

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.state_directory import StateDirectory
from target_salesforce_bulk.tap import TapSalesforceBulkResults

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "00D000000000002EAA"


def found(state: Path, org: str | None = None) -> Path | None:
    return TapSalesforceBulkResults(config={"state_dir": str(state), "org": org}).find_folder()


def test_the_only_org(tmp_path: Path) -> None:
    """It need not be named."""
    with SqliteJournal(org_folder(tmp_path / "state")) as journal:
        assert found(tmp_path / "state") == journal.state_dir


def test_one_of_several_orgs(tmp_path: Path) -> None:
    """The setting tells which, and the error names them."""
    state = tmp_path / "state"
    SqliteJournal(org_folder(state)).close()
    folder = StateDirectory(state, "").of_org(OTHER, "https://other.my.salesforce.com")
    SqliteJournal(folder).close()

    assert found(state, OTHER[:15]) == folder
    with pytest.raises(SettingsError, match=f"2 orgs: {ORG_ID}, {OTHER}.*with the setting org"):
        found(state)


@pytest.mark.parametrize("empty", [False, True])
def test_nothing_to_read(tmp_path: Path, caplog: pytest.LogCaptureFixture, empty: bool) -> None:
    """One line says which folder was looked into; it is not made."""
    if empty:
        org_folder(tmp_path / "state")
    with caplog.at_level(logging.WARNING):
        assert found(tmp_path / "state") is None

    assert (tmp_path / "state").exists() == empty
    assert f"state directory {tmp_path / 'state'}. If the target" in caplog.text


def test_streams() -> None:
    """Neither a configuration nor a state directory is needed to list them."""
    streams = TapSalesforceBulkResults(config={}).streams

    assert {name: (*each.primary_keys, each.replication_key) for name, each in streams.items()} == {
        "load_jobs": ("id", "changed_at"),
        "load_rows": ("id", "sequence"),
        "load_runs": ("run", "changed_at"),
    }
