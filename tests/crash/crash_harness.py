"""Kill the target at a point, run it again until it is content, and look at what there is."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import crash_child
from singer_messages import record, schema, state

from target_salesforce_bulk.emulator import Emulator, Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 12
STATE_EVERY = 5
#: Runs until the target must be content.
_MOST_RUNS = 6

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["crash_child"])


@dataclass(frozen=True)
class Scenario:
    """An operation, in one batch or in several."""

    operation: str
    batches: int
    #: What goes wrong on the way: `create lost` or `upload lost`, by a broken connection, or
    #: `unreadable`, where uploads are compressed, which the org takes for plain ones.
    trouble: str = ""

    def __str__(self) -> str:
        batches = f"{self.batches} batch{'es' if self.batches > 1 else ''}"
        return f"{self.operation}, {batches}{f', {self.trouble}' if self.trouble else ''}"


SCENARIOS = [
    Scenario(operation, batches)
    for operation in ("insert", "upsert", "update", "delete")
    for batches in (1, 3)
] + [Scenario("insert", 3, trouble) for trouble in ("create lost", "upload lost", "unreadable")]

#: One row is locked once, one is refused by Salesforce, one by our own checks.
LOCKED, REFUSED, BAD = 2, 6, 9


@dataclass
class Outcome:
    """What a kill at a point led to."""

    runs: int
    problem: str = ""


class World:
    """An org with what a scenario needs, and the messages of its tap."""

    def __init__(self, scenario: Scenario, org: Emulator, folder: Path, **settings: Any) -> None:
        self.scenario = scenario
        self.org = org
        self.folder = folder
        self.state_dir = folder / "state"
        self._by_key = scenario.operation in {"insert", "upsert"}
        self._ids: list[str] = []
        if not self._by_key:
            self._ids = org.insert("Contact", [{"LastName": f"Old {n}"} for n in range(ROWS)])
        column = "External_Id__c" if self._by_key else "Id"
        locked, refused = (
            f"C-{number}" if self._by_key else self._ids[number] for number in (LOCKED, REFUSED)
        )
        lock = {"error": "UNABLE_TO_LOCK_ROW:busy:--", "once_per_row": True}
        refusal = {"error": "FIELD_CUSTOM_VALIDATION_EXCEPTION:no:--"}
        org.configure(
            rules=[
                lock | {"column": column, "glob": locked},
                refusal | {"column": column, "glob": refused},
            ],
            compressed_uploads="ignore",
        )
        lost = {"create lost": ("POST", "*/jobs/ingest"), "upload lost": ("PUT", "*/batches")}
        if scenario.trouble in lost:
            method, path = lost[scenario.trouble]
            org.inject(Fault(method=method, path=path, kind=FaultKind.RESET_AFTER, after=1))
        self.config = folder / "config.json"
        self.config.write_text(json.dumps(self._settings() | settings))

    def _settings(self) -> dict[str, Any]:
        return {
            "login_url": self.org.url,
            "client_id": self.org.client_id,
            "client_secret": self.org.client_secret,
            "streams": {"Contact": {"operation": self.scenario.operation}},
            "batch_size_rows": ROWS // self.scenario.batches,
            "poll_interval_seconds": 0.02,
            "poll_max_interval_seconds": 0.05,
            "row_retry_wait_seconds": 0.02,
            "max_failed_percent": 100,
            "state_ledger": False,
            "compress_uploads": self.scenario.trouble == "unreadable",
            "state_dir": str(self.state_dir),
        }

    def row(self, number: int) -> dict[str, Any]:
        """A record of the tap."""
        if self._by_key:
            email = "nobody" if number == BAD else "a@b.example"
            return record(External_Id__c=f"C-{number}", LastName=f"New {number}", Email=email)
        if number == BAD:
            return record(Id="malformed", LastName="x")
        return record(Id=self._ids[number], LastName=f"New {number}")

    def messages(self, start: int) -> list[dict[str, Any]]:
        """What the tap sends when its bookmark says so."""
        names = ("External_Id__c", "LastName", "Email") if self._by_key else ("Id", "LastName")
        key = "External_Id__c" if self.scenario.operation == "upsert" else None
        sent = [schema(properties={name: {"type": "string"} for name in names}, key=key)]
        for number in range(start, ROWS):
            sent.append(self.row(number))
            if (number + 1) % STATE_EVERY == 0:
                sent.append(state(Contact={"at": number + 1}))
        return [*sent, state(Contact={"at": ROWS})]

    def run(
        self, start: int, kill_at: int, refuse: tuple[str, str] | None = None
    ) -> tuple[int, int]:
        """Run the target once: its exit code, and the bookmark that the tap has then."""
        lines = (json.dumps(message) + "\n" for message in self.messages(start))
        (self.folder / "stdin").write_text("".join(lines))
        process = _PROCESSES.Process(
            target=crash_child.run, args=(str(self.folder), str(self.config), kill_at, refuse)
        )
        process.start()
        process.join(60)
        if process.exitcode is None:
            process.kill()
            raise AssertionError("The target hangs.")
        for line in (self.folder / "stdout").read_text().splitlines():
            start = json.loads(line)["bookmarks"].get("Contact", {"at": start})["at"]
        return process.exitcode, start

    def problem(self) -> str:
        """What is wrong now; empty when nothing is."""
        expected, found = self._expected_records(), self._records()
        if found != expected:
            return f"records: {dict(found - expected)} too many, {dict(expected - found)} missing"
        journal = sqlite3.connect(self.state_dir / "journal.sqlite3")
        failed = Counter(code for (code,) in journal.execute("SELECT code FROM failed_rows"))
        journal.close()
        bad = "INVALID_EMAIL_ADDRESS" if self._by_key else "MALFORMED_ID"
        wanted = Counter({"FIELD_CUSTOM_VALIDATION_EXCEPTION": 1, bad: 1})
        if failed != wanted:
            return f"failed rows: {dict(failed)} instead of {dict(wanted)}"
        # One whose id was lost stays open, but it never got data.
        left = [
            job["id"]
            for job in self.org.jobs()
            if job["state"] == "Open" and "numberRecordsProcessed" in job
        ]
        return f"jobs left open with data: {left}" if left else ""

    def _records(self) -> Counter[str]:
        return Counter(row["LastName"] for row in self.org.rows("Contact"))

    def _expected_records(self) -> Counter[str]:
        done = [number for number in range(ROWS) if number not in {REFUSED, BAD}]
        left = [] if self._by_key else [f"Old {number}" for number in (REFUSED, BAD)]
        if self.scenario.operation == "delete":
            return Counter(left)
        return Counter([*left, *(f"New {number}" for number in done)])


def count_points(scenario: Scenario) -> int:
    """How many points a run of a scenario passes that nobody kills."""
    points: int = _in_world(scenario, _count)
    return points


def _count(world: World) -> int:
    code, _ = world.run(0, kill_at=0)
    problem = world.problem() if code == 0 else f"exit code {code}"
    if problem:
        raise AssertionError(f"{problem}\n{(world.folder / 'stderr').read_text()[-3000:]}")
    return int((world.folder / "points").read_text())


def kill_at(scenario: Scenario, point: int) -> Outcome:
    """Kill the target at a point, and run it again until it exits with 0."""
    outcome: Outcome = _in_world(scenario, lambda world: _kill(world, point))
    return outcome


def _kill(world: World, point: int) -> Outcome:
    code, start = world.run(0, kill_at=point)
    runs = 1
    while code != 0:
        if runs == _MOST_RUNS:
            log = (world.folder / "stderr").read_text()[-1000:]
            return Outcome(runs, f"not content after {runs} runs, exit code {code}: {log}")
        code, start = world.run(start, kill_at=0)
        runs += 1
    return Outcome(runs, world.problem())


def _in_world(scenario: Scenario, what: Callable[[World], Any]) -> Any:
    with tempfile.TemporaryDirectory() as folder, Emulator() as org:
        return what(World(scenario, org, Path(folder)))
