"""The `history` command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from sample_batches import org_folder
from sample_reports import RUN, tiny

from target_salesforce_bulk.cli.history import history_command
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.reporting.report.files import write_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("process_state")


@pytest.fixture
def run(config_file: str) -> Callable[..., Any]:
    """Invoke the command with the configuration."""

    def run(*words: str) -> Any:
        runner = CliRunner(catch_exceptions=False)
        return runner.invoke(history_command, ["--config", config_file, *words])

    return run


def test_runs(run: Any, tmp_path: Path) -> None:
    """The newest first, as a table and as JSON; one has no report, as it was killed."""
    folder = org_folder(tmp_path / "state")
    with SqliteJournal(folder) as journal:
        journal.start_run(RUN)
        journal.leave_run()
        journal.start_run("r2")
    write_report(folder, tiny())
    lines = run().stdout.splitlines()
    entries = json.loads(run("--json", "--number", "1").stdout)

    assert [line.split()[0] for line in lines] == ["run", "r2", RUN]
    assert lines[2].endswith("  8  Succeeded")
    assert [(each["run"], each["verdict"]) for each in entries] == [("r2", "killed")]


def test_no_runs(run: Any) -> None:
    """There is no state directory yet."""
    assert run().stdout == "No runs.\n"
