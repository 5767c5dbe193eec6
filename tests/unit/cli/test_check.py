"""The `check` command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from target_salesforce_bulk.cli.check import check
from target_salesforce_bulk.preview import check as module
from target_salesforce_bulk.target import TargetSalesforceBulk

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("process_state")


@pytest.mark.parametrize("problems", [[], ["no such object"]])
@pytest.mark.parametrize(
    ("arguments", "steps"),
    [
        ([], ["check_org", "check_metrics_file", "check_streams"]),
        (["--input", "-"], ["check_org", "check_metrics_file", "check_input"]),
        (["--catalog", "CATALOG"], ["check_org", "check_metrics_file", "check_catalog"]),
    ],
)
def test_the_steps_and_the_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    config_file: str,
    tmp_path: Path,
    problems: list[str],
    arguments: list[str],
    steps: list[str],
) -> None:
    """The org first, then the streams or the input; any problem gives exit code 1."""
    taken: list[str] = []

    class Recorder:
        def __init__(self, settings: Any, client: Any) -> None:
            self.problems = problems

        def __getattr__(self, name: str) -> Any:
            return lambda *_: taken.append(name)

    monkeypatch.setattr(module, "Preflight", Recorder)
    monkeypatch.setattr(TargetSalesforceBulk, "client", None)
    catalog = tmp_path / "catalog.json"
    catalog.write_text(json.dumps({"streams": [{"tap_stream_id": "a", "schema": {}}]}))
    given = [str(catalog) if each == "CATALOG" else each for each in arguments]
    result = CliRunner(catch_exceptions=False).invoke(check, ["--config", config_file, *given])

    assert (taken, result.exit_code) == (steps, bool(problems))
