"""Progress as it is seen on a terminal: the process writes to a pseudo-terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import contact, schema
from terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from target_salesforce_bulk.emulator import Emulator


def read_all(descriptor: int) -> str:
    """What is written to a terminal until its last writer is gone."""
    found = b""
    while True:
        try:
            block = os.read(descriptor, 1 << 16)
        except OSError:  # EIO: Linux's end of a pseudo-terminal
            return found.decode()
        if not block:
            return found.decode()
        found += block


@pytest.fixture
def run(org: Emulator, config: dict[str, Any], tmp_path: Path) -> Callable[..., str]:
    """Load 50 rows in a job of a second, on a terminal of some width."""
    org.configure(seconds_per_job=1)

    def run(columns: int, *arguments: str, **environ: str) -> str:
        path = tmp_path / "config.json"
        path.write_text(json.dumps(config))
        # They would say more than the size of the terminal; pytest-xdist sets one.
        outside = {name: os.environ[name] for name in os.environ.keys() - {"COLUMNS", "LINES"}}
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        lines = [schema(), *(contact(n) for n in range(50))]
        (tmp_path / "input").write_text("".join(f"{json.dumps(each)}\n" for each in lines))
        with (tmp_path / "input").open() as source:
            process = subprocess.Popen(
                [sys.executable, "-m", "target_salesforce_bulk", "--config", path, *arguments],
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=theirs,
                env=outside | {"TERM": "xterm"} | environ,
                cwd=tmp_path,
            )
        os.close(theirs)
        text = read_all(ours)
        os.close(ours)
        stdout, _ = process.communicate(timeout=60)
        assert (process.returncode, stdout) == (0, b""), text
        return text

    return run


def screens(text: str) -> list[list[str]]:
    """The screen after each time that it was drawn anew."""
    ends = [match.start() for match in re.finditer(r"\r\x1b\[J", text)]
    return [Terminal(text[:end]).shown for end in ends]


def is_log(line: str) -> bool:
    return bool(re.match(r"\d{4}-\d\d-\d\d .* \| ", line))


@pytest.mark.parametrize(("columns", "environ"), [(120, {}), (40, {"NO_COLOR": "1"})])
def test_a_terminal(run: Callable[..., str], columns: int, environ: dict[str, str]) -> None:
    """The job is drawn while it runs, below whole lines of the log, and nothing is left of it."""
    text = run(columns, **environ)
    left = Terminal(text).shown
    seen = [screen for screen in screens(text) if any("Contact → Contact" in e for e in screen)]

    assert seen, text
    assert all(is_log(line) for line in seen[-1][: seen[-1].index("")])
    assert [line for line in seen[-1][seen[-1].index("") :] if len(line) >= columns] == []
    summary = next(place for place, line in enumerate(left) if line.startswith("Run "))
    assert [line for line in left[:summary] if not is_log(line)] == []
    assert ("\x1b[?25l" in text, "\x1b[1;32m" in text) == (False, not environ)


@pytest.mark.parametrize(
    ("arguments", "environ"), [((), {"TERM": "dumb"}), (("--no-progress",), {})]
)
def test_where_nothing_is_drawn(
    run: Callable[..., str], arguments: tuple[str, ...], environ: dict[str, str]
) -> None:
    """On a terminal that cannot, or if it is not wanted."""
    assert "\x1b" not in run(120, *arguments, **environ)
