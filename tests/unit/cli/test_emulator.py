"""The command that runs a local Salesforce."""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import target_salesforce_bulk.emulator as module
from target_salesforce_bulk.cli.emulator import emulator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("process_state")

FACTS = {
    "url": "http://127.0.0.1:7",
    "access_token": "a",
    "client_id": "b",
    "client_secret": "c",
    "refresh_token": "d",
    "control_token": "e",
    "api_version": "67.0",
}


class Stub(SimpleNamespace):
    """An emulator without a server; the signal comes as soon as it has started."""

    def __init__(self, signum: int, steps: list[str]) -> None:
        super().__init__(**FACTS)
        self._signum = signum
        self._steps = steps

    def __enter__(self) -> Stub:
        self._steps.append("start")
        handler: Any = signal.getsignal(self._signum)
        assert callable(handler)
        handler(self._signum, None)
        return self

    def __exit__(self, *_: object) -> None:
        self._steps.append("stop")


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run the command with what makes its emulator."""

    def run(make: Callable[..., Any], *arguments: str) -> Any:
        monkeypatch.setattr(module, "Emulator", make)
        return CliRunner(catch_exceptions=False).invoke(emulator, arguments)

    return run


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_says_how_to_log_in_and_runs_until_a_signal(begin: Any, signum: int) -> None:
    """One line of JSON, with all that a client needs; then the emulator is stopped in order."""
    steps: list[str] = []
    result = begin(lambda **_: Stub(signum, steps))
    (line,) = result.stdout.splitlines()

    assert (result.exit_code, json.loads(line), steps) == (0, FACTS, ["start", "stop"])


def test_its_options(begin: Any, tmp_path: Path) -> None:
    """Each reaches the emulator; without them, the port is 8090 and nothing is kept."""
    asked: list[dict[str, Any]] = []

    def make(**options: Any) -> Stub:
        asked.append(options)
        return Stub(signal.SIGTERM, [])

    data, objects = tmp_path / "org.sqlite3", tmp_path / "objects.json"
    objects.touch()
    begin(make)
    begin(make, "--port", "0", "--data", str(data), "--objects", str(objects))

    assert asked == [
        {"port": 8090, "data": None, "objects": None},
        {"port": 0, "data": data, "objects": objects},
    ]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(98, "Address already in use"), "Port 7 cannot be used: Address already in use"),
        (OSError(40, "A loop", "a\nb"), "a\\nb cannot be used: A loop"),
        (ValueError("no\nJSON"), "{data} or {objects} cannot be used: no\\nJSON"),
        (sqlite3.DatabaseError("no database"), "{data} or {objects} cannot be used: no database"),
    ],
)
def test_what_cannot_be_used(begin: Any, tmp_path: Path, error: Exception, line: str) -> None:
    """One line names the port or the files, and says why; their text cannot break it."""

    def fail(**_: Any) -> None:
        raise error

    data, objects = tmp_path / "org.sqlite3", tmp_path / "objects.json"
    objects.touch()
    result = begin(fail, "--port", "7", "--data", str(data), "--objects", str(objects))

    message = line.format(data=data, objects=objects)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {message}\n")


def test_without_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says how to install it."""
    monkeypatch.setitem(sys.modules, "target_salesforce_bulk.emulator", None)
    result = CliRunner(catch_exceptions=False).invoke(emulator)

    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        "Error: The emulator needs its extra: pip install 'target-salesforce-bulk[emulator]'\n",
    )
