"""A fatal error does not break the pipe of the tap that still writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from conftest import command
from singer_messages import contact, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MESSAGES = [schema(), contact(1), contact(2, LastName="x" * 200), state(Contact=2)]
UNKNOWN = {"streams": {"Contact": {"object": "Contcat"}}}
#: A tap: writes its first argument, then far more than a pipe holds, with a STATE in each part.
TAP = """
import sys
sys.stdout.write(sys.argv[1])
for _ in range(300):
    sys.stdout.write('{"type": "STATE", "value": {}}\\n' + 'x' * 100_000 + '\\n')
"""


def text(*messages: dict[str, Any] | str) -> str:
    return "".join(f"{m if isinstance(m, str) else json.dumps(m)}\n" for m in messages)


def run_behind_tap(
    config: dict[str, Any], folder: Path, first: str
) -> tuple[int, subprocess.CompletedProcess[str]]:
    """The exit code of the tap, and the target after it."""
    with subprocess.Popen(
        [sys.executable, "-c", TAP, first], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as tap:
        target = subprocess.run(
            command(config, folder),
            stdin=tap.stdout,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=folder,
            env=os.environ | {"PYTHONWARNINGS": "once"},  # as Meltano sets it
        )
        assert tap.stdout is not None
        tap.stdout.close()
        return tap.wait(60), target


@pytest.mark.parametrize(
    ("first", "settings", "said"),
    [
        (text(*MESSAGES, "no message"), {}, "Line 5 of the input"),
        (text(*MESSAGES), UNKNOWN, "Contcat"),
        (text(*MESSAGES), {"operation": "nonsense"}, "operation"),
        (text(*MESSAGES), {"client_secret": "wrong"}, "invalid_client"),
    ],
    ids=["bad line", "unknown object", "bad setting", "refused login"],
)
def test_the_tap_ends_by_itself(
    config: dict[str, Any], tmp_path: Path, first: str, settings: dict[str, Any], said: str
) -> None:
    """The tap writes all it has, none of it is acknowledged, and the error is the last line."""
    tap_code, target = run_behind_tap(config | settings, tmp_path, first)

    assert (tap_code, target.returncode, target.stdout) == (0, 1, "")
    assert said in target.stderr.splitlines()[-1]
    assert target.stderr.count(said) == 1


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("settings", [{}, {"operation": "nonsense"}], ids=["reading", "starting"])
def test_a_signal_ends_the_wait(
    start: Callable[..., Any], settings: dict[str, Any], signum: int
) -> None:
    """The error that came first is reported although the tap still holds the pipe open."""
    process = start(**settings)
    if not settings:
        process.stdin.write("no message\n")
        process.stdin.flush()
    while "Discarding" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signum)
    code = process.wait(30)  # less than the bound

    said = "operation" if settings else "Line 1 of the input"
    assert (code, process.stdout.read()) == (1, "")
    assert said in process.stderr.read().splitlines()[-1]
