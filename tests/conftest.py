"""Fixtures of all tests: an org, and the target as a process that loads into it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from singer_messages import Result

from target_salesforce_bulk.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

# A busy machine is no failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def _log_handlers() -> Iterator[None]:
    """Remove what a command has set up for the log of a process: it writes to a closed file."""
    root = logging.getLogger()
    before = [*root.handlers]
    yield
    for each in [*root.handlers]:
        if type(each) is logging.StreamHandler and each not in before:
            root.removeHandler(each)


@pytest.fixture
def org() -> Iterator[Emulator]:
    """An org of its own for each test."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def config(org: Emulator, tmp_path: Path) -> dict[str, Any]:
    """A configuration that loads into the org without waits."""
    return {
        "login_url": org.url,
        "client_id": org.client_id,
        "client_secret": org.client_secret,
        "poll_interval_seconds": 0.02,
        "poll_max_interval_seconds": 0.1,
        "row_retry_wait_seconds": 0.05,
        "state_dir": str(tmp_path / "state"),
    }


def command(config: dict[str, Any], folder: Path) -> list[str]:
    """The command line of the target with a configuration."""
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    return [sys.executable, "-m", "target_salesforce_bulk", "--config", str(path)]


@pytest.fixture
def begin(config: dict[str, Any], tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Start a command of the target as a process; it is killed if it still runs at the end."""
    with ExitStack() as stack:

        def run(*arguments: str, stdin: int, **settings: Any) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [*command(config | settings, tmp_path), *arguments],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=tmp_path,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield run


@pytest.fixture
def act(config: dict[str, Any], tmp_path: Path) -> Callable[..., Any]:
    """Run a command beside the load as a process."""

    def run(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command(config | settings, tmp_path), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=tmp_path,
        )

    return run


@pytest.fixture
def start(begin: Callable[..., Any]) -> Callable[..., Any]:
    """Start the target as a process that reads what the test writes, line by line."""
    return partial(begin, stdin=subprocess.PIPE)


@pytest.fixture
def start_command(begin: Callable[..., Any]) -> Callable[..., Any]:
    """Start a command as a process that reads nothing."""
    return partial(begin, stdin=subprocess.DEVNULL)


@pytest.fixture
def load(config: dict[str, Any], tmp_path: Path) -> Callable[..., Result]:
    """Run the target as a process on messages, or on lines of text as they are."""

    def run(messages: Iterable[dict[str, Any] | str], **settings: Any) -> Result:
        lines = (each if isinstance(each, str) else json.dumps(each) for each in messages)
        process = subprocess.run(
            command(config | settings, tmp_path),
            input="".join(f"{line}\n" for line in lines),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
            cwd=tmp_path,
        )
        return Result(
            process.returncode,
            process.stdout,
            process.stderr,
            tmp_path / (config | settings)["state_dir"],
        )

    return run
