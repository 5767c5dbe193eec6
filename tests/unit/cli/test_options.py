"""Where commands take their configuration from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from target_salesforce_bulk.cli.options import config_option, read_settings

pytestmark = pytest.mark.usefixtures("process_state")


def state_dir_seen_with(*arguments: str, env: dict[str, str] | None = None) -> Path:
    """The state_dir that a command two groups deep reads with these arguments."""
    seen: list[Path] = []

    @click.group()
    @config_option
    def root(config: Any) -> None:
        pass

    @root.group()
    def group() -> None:
        pass

    @group.command()
    @config_option
    def command(config: Any) -> None:
        seen.append(read_settings(config).state_dir)

    CliRunner(catch_exceptions=False).invoke(root, arguments, env=env)
    return seen[0]


@pytest.mark.parametrize("place", [0, 2])
def test_a_file_before_or_after_the_command(config_file: str, tmp_path: Path, place: int) -> None:
    """`--config` may be given to the program or to the command."""
    arguments = ["group", "command"]
    arguments[place:place] = ["--config", config_file]

    assert state_dir_seen_with(*arguments) == tmp_path / "state"


def test_the_environment() -> None:
    """ENV reads variables by the names of the settings."""
    env = {"TARGET_SALESFORCE_BULK_STATE_DIR": "/from/env"}

    assert state_dir_seen_with("group", "command", "--config=ENV", env=env) == Path("/from/env")


def test_no_configuration() -> None:
    """The defaults are used; the environment is not read unasked."""
    env = {"TARGET_SALESFORCE_BULK_STATE_DIR": "/from/env"}

    assert state_dir_seen_with("group", "command", env=env) == Path(".target-salesforce-bulk")
