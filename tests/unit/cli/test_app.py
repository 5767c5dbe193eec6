"""The one place where errors become exit codes."""

from __future__ import annotations

import signal
import sqlite3
import sys
from typing import Any

import click
import pytest
import requests
from click.testing import CliRunner

from target_salesforce_bulk.cli.app import Group
from target_salesforce_bulk.errors import SettingsError, Terminated

FILE_REMEDY = (
    "Check the free space and the permissions of state_dir. "
    "Nothing is lost: the next run continues."
)


def run(error: BaseException | None) -> Any:
    """Invoke a group whose one command raises an error."""
    group = Group("test")

    @group.command()
    def command() -> None:
        click.echo("done")
        if error is not None:
            raise error

    return CliRunner().invoke(group, ["command"])


@pytest.mark.usefixtures("process_state")
@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (SettingsError("Set client_id."), 1, "Set client_id."),
        (Terminated(signal.SIGTERM), 143, "Stopped by SIGTERM. The next run continues."),
        (Terminated(signal.SIGINT), 130, "Stopped by SIGINT. The next run continues."),
        (
            OSError(28, "No space left on device"),
            1,
            "Reading or writing a file failed: [Errno 28] No space left on device. " + FILE_REMEDY,
        ),
        (
            sqlite3.OperationalError("disk I/O error"),
            1,
            "Reading or writing a file failed: disk I/O error. " + FILE_REMEDY,
        ),
        (
            requests.JSONDecodeError("Expecting value", "<html>", 0),
            1,
            "Salesforce sent a response that cannot be read: Expecting value: line 1 column 1 "
            "(char 0)",
        ),
    ],
)
def test_an_error_ends_as_one_line(
    caplog: pytest.LogCaptureFixture, error: BaseException, code: int, line: str
) -> None:
    """And as its exit code; no traceback is logged."""
    result = run(error)

    assert (result.exit_code, caplog.messages) == (code, [line])
    assert caplog.records[0].exc_info is None


@pytest.mark.usefixtures("process_state")
def test_an_error_of_a_file_where_nothing_is_sent(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that has not imported `requests` has the same table."""
    monkeypatch.delitem(sys.modules, "requests")
    result = run(OSError(28, "No space left on device"))

    assert (result.exit_code, caplog.messages) == (
        1,
        ["Reading or writing a file failed: [Errno 28] No space left on device. " + FILE_REMEDY],
    )
    assert "requests" not in sys.modules


@pytest.mark.usefixtures("process_state")
def test_success() -> None:
    """Exit code 0, and nothing but the output."""
    result = run(None)

    assert (result.exit_code, result.output) == (0, "done\n")


@pytest.mark.usefixtures("process_state")
def test_a_bug_is_not_hidden() -> None:
    """Any other exception keeps its traceback."""
    with pytest.raises(ZeroDivisionError):
        CliRunner(catch_exceptions=False).invoke(_failing(ZeroDivisionError()), ["command"])


def _failing(error: Exception) -> Group:
    group = Group("test")

    @group.command()
    def command() -> None:
        raise error

    return group


@pytest.mark.usefixtures("process_state")
def test_a_second_signal_is_ignored(caplog: pytest.LogCaptureFixture) -> None:
    """The first one ends the command; the way out is not interrupted."""
    group = Group("test")

    @group.command()
    def command() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGTERM)

    result = CliRunner().invoke(group, ["command"])

    assert (result.exit_code, caplog.messages) == (
        130,
        ["Stopped by SIGINT. The next run continues."],
    )
