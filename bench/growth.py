"""`make growth`: whether a row or a STATE costs more where there are more of them.

Each load is made at a size, at twice and at four times it, by the target in its own process. What
it costs beyond an empty run is compared with that at half the size: flat is 2.0 where the size is
that of the input, and 1.0 where it is that of what the journal holds. CPU
seconds are those of the process, so other load on the machine matters little.

`python bench/growth.py --package FOLDER` measures the package in another folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import TARGET, Org, Table, cpu_of, megabytes_of, org

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_TEXT = {"type": ["string", "null"]}
_PROPERTIES = {
    "External_Id__c": _TEXT,
    "LastName": _TEXT,
    "Opted_Out__c": {"type": ["boolean", "null"]},
}
_SCHEMA = json.dumps(
    {
        "type": "SCHEMA",
        "stream": "Contact",
        "schema": {"type": "object", "properties": _PROPERTIES},
        "key_properties": [],
    }
)
_UPSERTS = {"operation": "upsert", "external_id_field": "External_Id__c"}
_INSERTS = {"operation": "insert"}
#: A run in which most rows fail, on purpose.
_ANY_FAIL = {"max_failed_percent": 100}
_MEASURE = """
import json, os, subprocess, sys
done = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
error = done.stderr.read()
_, status, used = os.wait4(done.pid, 0)
print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "megabytes": used.ru_maxrss / 1024}))
if status:
    sys.exit(error.decode()[-3000:])
"""


@dataclass(frozen=True)
class Cost:
    """What a run of the target took."""

    cpu: float
    megabytes: float


class Machine:
    """A state directory on which the target runs against an org.

    Args:
        org: The org.
        folder: Where the state directory is made.
        package: Where the package lies that is measured.
    """

    def __init__(self, org: Org, folder: Path, package: Path) -> None:
        self.org = org
        self.state = folder / f"state-{time.monotonic_ns()}"
        self._folder = folder
        # `python -m` looks into the current folder first.
        self._place: dict[str, Any] = {
            "cwd": package,
            "env": os.environ | {"PYTHONPATH": str(package)},
        }

    def run(self, lines: Iterable[str], stream: dict[str, Any], **settings: Any) -> Cost:
        """Run the target on messages; what it took."""
        source = self._folder / "messages"
        source.write_text("".join(f"{line}\n" for line in lines))
        with source.open() as stdin:
            # Not from this large process: a child begins with the peak memory of its parent.
            done = subprocess.run(
                ["/usr/bin/env", "python3", "-c", _MEASURE, *self._command(stream, settings)],
                stdin=stdin,
                **self._place,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode:
            sys.exit(done.stderr)
        return Cost(**json.loads(done.stdout))

    def run_until(
        self, condition: str, lines: list[str], stream: dict[str, Any], **settings: Any
    ) -> Cost:
        """Run the target on messages without an end; kill it when a condition holds.

        Args:
            condition: It, in SQL on the batches of the journal.
            lines: The messages.
            stream: Settings of the stream.
            settings: Others.
        """
        running = subprocess.Popen(
            self._command(stream, settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / "log").open("w"),
            **self._place,
            text=True,
        )
        assert running.stdin is not None
        running.stdin.writelines(f"{line}\n" for line in lines)
        running.stdin.flush()
        while not self._holds(condition):
            if running.poll() is not None:
                sys.exit((self._folder / "log").read_text())
            time.sleep(0.2)
        cost = Cost(cpu_of(running.pid), megabytes_of(running.pid))
        running.send_signal(signal.SIGKILL)
        running.wait()
        return cost

    def _holds(self, condition: str) -> bool:
        try:
            return bool(self.sql(f"SELECT {condition} FROM batches")[0][0])
        except sqlite3.OperationalError:  # there is no journal yet
            return False

    def sql(self, *statements: str) -> list[Any]:
        """Run SQL in the journal; the rows of the last statement."""
        # In the folder of its org; earlier versions kept it in the state directory itself.
        found = [*self.state.glob("**/journal.sqlite3")]
        if not found:
            raise sqlite3.OperationalError("There is no journal yet.")
        with closing(sqlite3.connect(found[0])) as db, db:
            return [db.execute(each).fetchall() for each in statements][-1]

    def _command(self, stream: dict[str, Any], settings: dict[str, Any]) -> list[Any]:
        named = {"streams": {"Contact": {"object": "Contact", **stream}}}
        here = {"state_dir": str(self.state), "poll_interval_seconds": 0.1}
        return [*TARGET, "--config", self.org.config(self._folder, **named, **here, **settings)]


def _row(number: int, key: str | None = None) -> str:
    record = {"External_Id__c": key, "LastName": f"Name {number}", "Opted_Out__c": False}
    return json.dumps({"type": "RECORD", "stream": "Contact", "record": record})


def _state(number: int, **more: Any) -> str:
    return json.dumps(
        {"type": "STATE", "value": {"bookmarks": {"Contact": {"at": number}, **more}}}
    )


def without_key(machine: Machine, size: int) -> Cost:
    """Rows that cannot be sent come again, and stand for those that are stored."""
    lines = [_SCHEMA, *(_row(number) for number in range(size)), _state(size)]
    machine.run(lines, _UPSERTS, **_ANY_FAIL)
    return machine.run(lines, _UPSERTS, **_ANY_FAIL)


def queued(machine: Machine, size: int) -> Cost:
    """Batches of one row wait for their jobs, with a STATE after each."""
    lines = [_SCHEMA]
    for number in range(size):
        lines += [_row(number, f"K-{number}"), _state(number)]
    machine.org.post("/_emulator/settings", {"seconds_per_job": 3600})
    return machine.run_until(f"count(*) = {size}", lines, _UPSERTS, batch_size_rows=1)


def ledger(machine: Machine, size: int) -> Cost:
    """A ledger of 50 jobs comes with each of 200 STATEs, to a journal with so many batches."""
    machine.run([_SCHEMA, _row(1, "K-1"), _state(1)], _UPSERTS)
    names = [row[1] for row in machine.sql("PRAGMA table_info(batches)")]
    kept = ", ".join("'7500B' || n" if name == "job_id" else name for name in names[1:])
    machine.sql(
        f"WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers"
        f" WHERE n < {size}) INSERT INTO batches ({', '.join(names[1:])})"
        f" SELECT {kept} FROM batches, numbers WHERE id = 1"
    )
    jobs = [
        {"job_id": f"75000000000{place:04d}AAA", "time": "2999-01-01", "failed": {"X": 1}}
        for place in range(50)
    ]
    own = {"target-salesforce-bulk": {"failed_jobs": jobs}}
    return machine.run([_SCHEMA, *(_state(at, **own) for at in range(200))], _UPSERTS)


def stored(machine: Machine, size: int) -> Cost:
    """200 STATEs are written, while so many failed rows are stored."""
    machine.run([_SCHEMA, _row(1), _state(1)], _UPSERTS, **_ANY_FAIL)
    names = [row[1] for row in machine.sql("PRAGMA table_info(failed_rows)")]
    kept = ", ".join("'K' || n" if "key" in name else name for name in names[1:])
    machine.sql(
        f"WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers"
        f" WHERE n < {size}) INSERT INTO failed_rows ({', '.join(names[1:])})"
        f" SELECT {kept} FROM failed_rows, numbers WHERE id = 1"
    )
    return machine.run([_SCHEMA, *(_state(at) for at in range(200))], _UPSERTS)


def remembered(machine: Machine, size: int, *, equal: bool = False) -> Cost:
    """Inserts come again after a kill before the first STATE; each is recognised."""
    lines = [_SCHEMA, *(_row(0 if equal else number) for number in range(size))]
    batches = {"batch_size_rows": size // 10, "max_batch_age_seconds": 5}  # also for the last one
    machine.run_until(f"sum(loaded) = {size}", lines, _INSERTS, **batches)
    before = machine.org.get("/_emulator/counts")["Contact"]
    cost = machine.run([*lines, _state(size)], _INSERTS, batch_size_rows=size // 10)
    assert machine.org.get("/_emulator/counts")["Contact"] == before == size
    return cost


def settled(machine: Machine, size: int) -> Cost:
    """A batch whose rows were all refused is settled, while they are stored already."""
    lines = [_SCHEMA, *(_row(number, "x" * 300 + str(number)) for number in range(size)), _state(1)]
    machine.run(lines, _UPSERTS, **_ANY_FAIL)
    return machine.run(lines, _UPSERTS, **_ANY_FAIL)


#: Title, what is counted, the smallest size, and the load.
_LOADS: dict[str, tuple[str, int, Callable[[Machine, int], Cost]]] = {
    "without_key": ("rows without a key, second run", 4_000, without_key),
    "queued": ("batches that wait, a STATE each", 1_000, queued),
    "ledger": ("known batches, 200 STATEs with a ledger of 50 jobs", 2_500, ledger),
    "stored": ("stored failed rows, 200 STATEs", 250_000, stored),
    "remembered": ("remembered inserts that come again", 50_000, remembered),
    "equal": (
        "the same, all of them equal",
        25_000,
        lambda machine, size: remembered(machine, size, equal=True),
    ),
    "settled": ("failed rows that are settled again", 25_000, settled),
}


def _measured(name: str, folder: Path, package: Path, factor: float) -> list[list[str]]:
    """The rows of a load: one for each size."""
    title, smallest, load = _LOADS[name]
    found: list[list[str]] = []
    before: tuple[float, float] | None = None
    for times in (1, 2, 4):
        size = max(10, int(smallest * factor)) * times
        with org(folder) as running:
            machine = Machine(running, folder, package)
            start = machine.run([_SCHEMA], _UPSERTS)
            shutil.rmtree(machine.state)
            cost = load(machine, size)
            shutil.rmtree(machine.state)
        cpu, memory = cost.cpu - start.cpu, cost.megabytes - start.megabytes
        ratios = ["", ""]
        if before is not None:
            ratios = [f"{cpu / before[0]:.1f}", f"{memory - before[1]:+.0f}"]
        before = (cpu, memory)
        found.append([title, f"{size:,}", f"{cpu:.2f}", ratios[0], f"{memory:.0f}", ratios[1]])
    return found


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--package", type=Path, default=Path(__file__).parent.parent)
    parser.add_argument("--only", choices=_LOADS, help="measure only this load")
    parser.add_argument("--factor", type=float, default=1.0, help="of the sizes")
    given = parser.parse_args()
    table = Table(
        "Growth", "load", "size", "CPU s", "to half the size", "MB", "to half the size, MB"
    )
    with tempfile.TemporaryDirectory() as name:
        for load in [given.only] if given.only else _LOADS:
            for row in _measured(load, Path(name), given.package.absolute(), given.factor):
                table.row(*row)
    print("\n" + "\n".join(table.lines))


if __name__ == "__main__":
    main()
