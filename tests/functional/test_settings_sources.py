"""Where a process takes its settings from, and what it says of wrong ones."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from singer_messages import Result

PREFIX = "TARGET_SALESFORCE_BULK_"


def list_jobs(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`jobs list` with settings from the environment."""
    named = {f"{PREFIX}{name}": value for name, value in variables.items()}
    return subprocess.run(
        [sys.executable, "-m", "target_salesforce_bulk", "--config=ENV", "jobs", "list"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, **named},
    )


def messages(stderr: str) -> list[str]:
    """The log without times and names."""
    return [line.split(" | ", 3)[3] for line in stderr.splitlines()]


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("BATCH_SIZE_ROWS", "1e6", "an integer, at least 1"),
        ("BATCH_SIZE_ROWS", "", "an integer, at least 1"),
        ("AUTO_MAP", "maybe", "true or false"),
        ("RETRYABLE_ERRORS", '{"a": 1}', "a list of texts"),
        ("STREAMS", "users", "an object"),
        ("MAX_FAILED_PERCENT", "nan", "a finite number, at least 0, at most 100"),
        ("REQUEST_TIMEOUT_SECONDS", "NaN", "a finite number, at least 0.1"),
    ],
)
def test_a_wrong_variable_is_one_line(tmp_path: Path, name: str, value: str, takes: str) -> None:
    """It says which setting, what it takes, and what to do."""
    process = list_jobs(tmp_path, **{name: value})

    assert (process.returncode, messages(process.stderr)) == (
        1,
        [f"{name.lower()} must be {takes}. Correct it, or remove it to get the default."],
    )


def test_right_variables_cost_no_line(tmp_path: Path) -> None:
    """Nothing is told about where settings come from."""
    process = list_jobs(tmp_path, RETRYABLE_ERRORS='["BUSY"]', AUTO_MAP="false")

    nothing_yet = "No run has left anything in the state directory .target-salesforce-bulk"
    assert (process.returncode, messages(process.stderr)) == (0, [nothing_yet])


def test_dotenv_of_the_working_directory(tmp_path: Path) -> None:
    """It is read; one above is not, and the environment goes before it."""
    folder = tmp_path / "below"
    folder.mkdir()
    (tmp_path / ".env").write_text(f"{PREFIX}AUTO_MAP=above\n")
    above = list_jobs(folder)
    (folder / ".env").write_text(f"{PREFIX}AUTO_MAP=maybe\n")
    read = list_jobs(folder)
    overruled = list_jobs(folder, AUTO_MAP="true")

    assert [each.returncode for each in (above, read, overruled)] == [0, 1, 0]


def test_one_error_is_one_line(load: Callable[..., Result]) -> None:
    """Nothing before it tells of the same."""
    schema: dict[str, Any] = {"type": "SCHEMA", "stream": "Contact", "key_properties": []}
    result = load([schema | {"schema": {"properties": {"nope": {"type": "string"}}}}])

    assert [line for line in result.stderr.splitlines() if "| ERROR" in line] == [
        result.stderr.splitlines()[-1]
    ]
    assert result.last_line.startswith("Stream Contact: upsert needs a field")


@pytest.mark.parametrize("arguments", [[], ["check"]], ids=["load", "check"])
def test_no_configuration_is_one_line(tmp_path: Path, arguments: list[str]) -> None:
    """It names the ways to log in; nothing is printed for Singer, and nothing is made."""
    process = subprocess.run(
        [sys.executable, "-m", "target_salesforce_bulk", *arguments],
        input='{"type": "STATE", "value": {}}\n',
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=60,
    )

    assert (process.returncode, process.stdout, messages(process.stderr)) == (
        1,
        "",
        [
            "No credentials are set. Set client_id and client_secret (client credentials), "
            "client_id, username and private_key (JWT), client_id and refresh_token, access_token "
            "and instance_url, or auth_method to sf_cli (an org of the Salesforce CLI)."
        ],
    )
    assert list(tmp_path.iterdir()) == []
