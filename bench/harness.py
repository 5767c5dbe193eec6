"""What the benchmarks share: the emulator in a process of its own, costs of processes, tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET = (sys.executable, "-m", "target_salesforce_bulk")


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes_of(pid: int) -> float:
    """Peak memory of a process so far."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(each for each in status.splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


class Org:
    """The emulator in its own process, so that its cost is measured separately."""

    def __init__(self, folder: Path, **behaviour: Any) -> None:
        objects = folder / "objects.json"
        own = resources.files("target_salesforce_bulk.emulator.org").joinpath("objects.json")
        contact = next(
            each for each in json.loads(own.read_text())["objects"] if each["name"] == "Contact"
        )
        contact["fields"].append(
            {"name": "Opted_Out__c", "type": "boolean", "createable": True, "updateable": True}
        )
        objects.write_text(json.dumps({"objects": [contact]}))
        self._process = subprocess.Popen(
            [*TARGET, "emulator", "--port", "0", "--objects", objects],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.access = json.loads(self._process.stdout.readline())
        if behaviour:
            self.post("/_emulator/settings", behaviour)

    def post(self, path: str, body: Any) -> None:
        """Send a command to the emulator."""
        answer = requests.post(
            self.access["url"] + path, json=body, headers=self._control, timeout=30
        )
        answer.raise_for_status()

    def get(self, path: str) -> Any:
        """Query the emulator."""
        return requests.get(self.access["url"] + path, headers=self._control, timeout=30).json()

    @property
    def _control(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access['control_token']}"}

    def cpu(self) -> float:
        """CPU seconds so far."""
        return cpu_of(self._process.pid)

    def megabytes(self) -> float:
        """Peak memory so far."""
        return megabytes_of(self._process.pid)

    def stop(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(30)

    def config(self, folder: Path, **settings: Any) -> Path:
        """A configuration of the target for it."""
        path = folder / f"config-{time.monotonic_ns()}.json"
        access = {
            "login_url": self.access["url"],
            "client_id": self.access["client_id"],
            "client_secret": self.access["client_secret"],
            "poll_interval_seconds": 0.5,
            "state_dir": str(folder / f"state-{time.monotonic_ns()}"),
        }
        path.write_text(json.dumps(access | settings))
        return path


@contextmanager
def org(folder: Path, **behaviour: Any) -> Iterator[Org]:
    """An org for one measurement."""
    running = Org(folder, **behaviour)
    try:
        yield running
    finally:
        running.stop()


class Table:
    """A table of results, printed as it grows."""

    def __init__(self, title: str, *columns: str) -> None:
        self.lines = [f"## {title}", "", f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
        print(f"\n{title}", flush=True)

    def row(self, *cells: str) -> None:
        """Add a row."""
        self.lines.append(f"| {' | '.join(cells)} |")
        print(
            "  "
            + "  ".join(
                f"{cell:>14}" if place else f"{cell:40}" for place, cell in enumerate(cells)
            ),
            flush=True,
        )

    def note(self, text: str) -> None:
        """Add a sentence below the table."""
        self.lines += ["", text]
        print(f"  {text}", flush=True)
