"""The `check` command."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from target_salesforce_bulk.cli.check import check
from target_salesforce_bulk.preview import check as module

pytestmark = pytest.mark.usefixtures("process_state")


@pytest.mark.parametrize("problems", [[], ["no such object"]])
@pytest.mark.parametrize(
    ("arguments", "steps"),
    [
        ([], ["check_org", "check_streams"]),
        (["--input", "-"], ["check_org", "check_input"]),
    ],
)
def test_the_steps_and_the_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    config_file: str,
    problems: list[str],
    arguments: list[str],
    steps: list[str],
) -> None:
    """The org first, then the streams or the input; any problem gives exit code 1."""
    taken: list[str] = []

    class Recorder:
        def __init__(self, target: Any) -> None:
            self.problems = problems

        def __getattr__(self, name: str) -> Any:
            return lambda *_: taken.append(name)

    monkeypatch.setattr(module, "Preflight", Recorder)
    result = CliRunner(catch_exceptions=False).invoke(check, ["--config", config_file, *arguments])

    assert (taken, result.exit_code) == (steps, bool(problems))
