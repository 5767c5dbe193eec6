"""Runs the programs of the demo: what they print goes to logs; a failure shows the end of one."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

ROOT = Path(__file__).parent.parent
DEMO = ROOT / ".demo"
LOG = DEMO / "log"
#: What every program printed after the installation.
RUN_LOG = LOG / "run.log"

_LINES_OF_A_FAILURE = 15


def say(*lines: str) -> None:
    """Print lines at once, also into a pipe."""
    print(*lines, sep="\n", flush=True)


def shown(path: Path) -> str:
    """A path as one would type it in the project's folder."""
    return str(path.relative_to(ROOT))


class Step:
    """One step of the demo and the part of a log that belongs to it.

    Args:
        name: What the step does, as a noun phrase: "the warehouse".
        log: The file that takes what its programs print; the step's part begins at its end.
    """

    def __init__(self, name: str, log: Path = RUN_LOG) -> None:
        self._name = name
        self._log = log
        self._start = log.stat().st_size if log.exists() else 0

    def failed(self, why: str) -> NoReturn:
        """Say so, show the end of the step's part of the log, and exit with 1."""
        with self._log.open("rb") as log:
            log.seek(self._start)
            lines = log.read().decode(errors="replace").splitlines()
        say(
            "",
            f"FAILED: {self._name} {why}. The last lines of its log:",
            *(f"  | {line}" for line in lines[-_LINES_OF_A_FAILURE:]),
            f"The whole log: {shown(self._log)}",
        )
        sys.exit(1)

    @contextmanager
    def running(self, *command: str | Path, **options: Any) -> Iterator[subprocess.Popen[str]]:
        """Run a program beside others; stop it with its children afterwards."""
        words = [str(each) for each in command]
        LOG.mkdir(parents=True, exist_ok=True)
        with self._log.open("a") as log:  # appended to, as others write to it as well
            log.write(f"$ {shlex.join(words)}\n")
            log.flush()
            options = {"stdout": log, "stderr": log} | options
            process = subprocess.Popen(
                words,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
                **options,
            )
        try:
            yield process
        finally:
            _stop(process)

    def finish(self, process: subprocess.Popen[str], codes: Collection[int] = (0,)) -> str:
        """Wait for a program; fails unless it exits with one of the codes.

        Returns:
            What it printed to stdout, if that is a pipe; the log has it, too.
        """
        text, _ = process.communicate()
        with self._log.open("a") as log:
            log.write(text or "")
        if process.returncode not in codes:
            self.failed(f"failed with exit code {process.returncode}")
        return text or ""

    def run(self, *command: str | Path, codes: Collection[int] = (0,), **options: Any) -> str:
        """Run a program to its end; see `finish`."""
        with self.running(*command, **options) as process:
            return self.finish(process, codes)


def _stop(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
