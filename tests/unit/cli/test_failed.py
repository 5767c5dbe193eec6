"""The `failed` commands: arguments, output and exit codes."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sample_batches import ORG_ID, failed_row, make_plan, org_folder

from target_salesforce_bulk.cli.failed import failed
from target_salesforce_bulk.failed import commands
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import SqliteJournal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("process_state")


@pytest.fixture
def run(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """Invoke a command of the group."""
    return partial(invoke, failed)


@pytest.fixture
def two_rows(tmp_path: Path) -> None:
    with SqliteJournal(org_folder(tmp_path / "state")) as journal:
        journal.start_run("r1")
        journal.adopt(make_plan(), "750000000000001AAA", [failed_row("K-1"), failed_row("K-2")])


def test_list_without_rows(run: Any) -> None:
    """Exit code 0 says that nothing is failed."""
    result = run("list")

    assert (result.exit_code, result.stdout) == (0, "No failed rows.\n")


@pytest.mark.usefixtures("two_rows")
def test_list_with_rows(run: Any) -> None:
    """Exit code 1 says that something is."""
    result = run("list", "--json")
    (group,) = json.loads(result.stdout)

    assert (result.exit_code, group["stream"], group["rows"], group["keys"]) == (
        1,
        "people",
        2,
        ["K-1", "K-2"],
    )


@pytest.mark.usefixtures("two_rows")
def test_show(run: Any) -> None:
    """The one row by its key; a name that no row has is an error."""
    shown, missing = run("show", "K-2", "--json"), run("show", "K-3")

    assert [row["key"] for row in json.loads(shown.stdout)] == ["K-2"]
    assert (missing.exit_code, missing.stderr) == (
        1,
        "Error: No failed row has the key or number K-3.\n",
    )


@pytest.mark.usefixtures("two_rows")
def test_export(run: Any) -> None:
    """Rows to stdout, their number to stderr."""
    result = run("export", "--format", "jsonl")

    assert [json.loads(line)["key"] for line in result.stdout.splitlines()] == ["K-1", "K-2"]
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (0, "2 rows")


@pytest.mark.usefixtures("two_rows")
def test_discard(run: Any) -> None:
    """Never all rows without being told so."""
    codes = [run("discard").exit_code, run("list").exit_code]
    outputs = [
        run("discard", "--org", ORG_ID, "--code", "OTHER").stdout,
        run("discard", "--org", ORG_ID, "--all", "--json").stdout,
    ]

    assert codes == [2, 1]
    assert outputs == ["0 rows discarded\n", '{"discarded": 2, "files": []}\n']


@pytest.mark.parametrize(("again", "code"), [(0, 0), (1, 1)])
def test_retry(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, again: int, code: int
) -> None:
    """The filters become one selection; a row that fails again gives exit code 1."""
    asked: list[Any] = []
    outcome = {"sent": 2, "skipped": {}, "loaded": 2 - again, "failed": again}
    monkeypatch.setattr(commands, "retry", lambda *given: asked.append(given[2:]) or outcome)
    state = tmp_path / "state.json"
    state.write_text("{}")
    arguments = [
        "--stream",
        "s",
        "--class",
        "transient",
        "--code",
        "C",
        "--since",
        "2026-11-24T01:30+01:00",
    ]
    result = run("retry", "--json", "--job", "750", "--state", str(state), *arguments)
    chosen = Selection(
        stream="s",
        failure_class="transient",
        code="C",
        since="2026-11-24T00:30:00.000+00:00",
        job_id="750",
    )

    assert (result.exit_code, json.loads(result.stdout)) == (code, outcome)
    assert asked == [(chosen, "750", state)]
