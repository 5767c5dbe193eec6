"""The options of the commands around a login."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from target_salesforce_bulk.cli.access import login, logout
from target_salesforce_bulk.login import revocation

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


@pytest.mark.parametrize("command", [login, logout])
@pytest.mark.parametrize(
    "name", ["", "https://acme.my.salesforce.com", "a.b.c", "a/b", "-a", "a\n"]
)
def test_what_is_no_instance(command: click.Command, name: str) -> None:
    """It becomes part of an address, so it must be a name."""
    done = CliRunner().invoke(command, ["--instance", name])

    assert done.exit_code == 2
    assert "what stands before .my.salesforce.com" in " ".join(done.output.split())


@pytest.mark.parametrize("name", ["acme", "acme--dev.sandbox"])
def test_an_instance_is_short_for_an_address(
    config_file: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """That of its My Domain."""
    asked: list[str] = []
    monkeypatch.setattr(revocation, "log_out", lambda found: asked.append(found.login_url))
    done = CliRunner().invoke(logout, ["--config", config_file, "--instance", name])

    assert (done.exit_code, asked) == (0, [f"https://{name}.my.salesforce.com"])


def test_an_instance_beside_an_address() -> None:
    """Which one counts would be a guess."""
    done = CliRunner().invoke(login, ["--instance", "acme", "--login-url", "https://x.example"])

    assert done.exit_code == 2
    assert "Leave one out" in done.output
