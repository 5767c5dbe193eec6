"""The options of the commands around a login."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from target_salesforce_bulk.cli.access import login, logout

if TYPE_CHECKING:
    import click


@pytest.mark.parametrize("command", [login, logout])
def test_no_secret_is_an_option(command: click.Command) -> None:
    """Other users of the machine see command lines."""
    names = {each.name for each in command.params}

    assert {name for name in names if name and ("secret" in name or "token" in name)} == set()


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_what_is_no_port(port: str) -> None:
    """It is refused as a wrong command line."""
    assert CliRunner().invoke(login, ["--port", port]).exit_code == 2


def test_an_option_goes_before_the_configuration(config_file: str) -> None:
    """A bad one is refused, though the configuration holds a good one."""
    runner = CliRunner()
    done = runner.invoke(
        logout, ["--config", config_file, "--client-id", "app", "--login-url", "http://x.example"]
    )

    assert "login_url is not encrypted" in str(done.exception)
