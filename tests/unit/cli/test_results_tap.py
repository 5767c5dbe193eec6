"""The command of the tap ends with one line where a person can do something."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from sample_batches import org_folder

from target_salesforce_bulk.cli.results_tap import main
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.results.change_log import FILE

if TYPE_CHECKING:
    from pathlib import Path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    """Its exit code."""
    monkeypatch.setattr(sys, "argv", ["tap-salesforce-bulk-results", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "tap.json"
    path.write_text(json.dumps({"state_dir": str(tmp_path / "state")}))
    return str(path)


@pytest.mark.usefixtures("process_state")
def test_an_error_is_one_line(
    config: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It says what to do; nothing else is logged as an error."""
    SqliteJournal(org_folder(tmp_path / "state")).close()
    (org_folder(tmp_path / "state") / FILE).write_bytes(b"no database" * 100)

    assert run(monkeypatch, "--config", config) == 1
    errors = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert len(errors) == 1
    assert "Remove it: the next run of the tap" in errors[0]


@pytest.mark.usefixtures("process_state")
@pytest.mark.parametrize("option", ["--about", "--discover"])
def test_what_needs_no_state_directory(
    option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings and streams are the same everywhere."""
    assert run(monkeypatch, option) == 0
    shown = capsys.readouterr().out
    assert {"--about": "state_dir", "--discover": "load_rows"}[option] in shown
