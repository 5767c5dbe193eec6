"""`make soak`: 200 batches with faults at 5 % of the requests, and a kill every few seconds."""

from __future__ import annotations

import json
import multiprocessing
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import crash_child
from singer_messages import record, schema, state

from target_salesforce_bulk.emulator import Emulator, Fault, FaultKind
from target_salesforce_bulk.emulator.org.tokens import ORG_ID

BATCHES, ROWS_PER_BATCH, FAULTY = 200, 25, 0.05
ROWS = BATCHES * ROWS_PER_BATCH
STATE_EVERY = 40
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["crash_child"])
_FAULTS: list[dict[str, Any]] = [
    {"kind": FaultKind.RESET_BEFORE},
    {"kind": FaultKind.RESET_AFTER},
    {"kind": FaultKind.STATUS, "status": 503},
    {"kind": FaultKind.STATUS, "status": 429},
    {"kind": FaultKind.TRUNCATE, "bytes": 40},
]


def messages(start: int) -> list[dict[str, Any]]:
    """What the tap sends from its bookmark on; every 50th row is one that Salesforce refuses."""
    names = ("External_Id__c", "LastName", "Email")
    sent = [schema(properties={name: {"type": "string"} for name in names}, key=None)]
    for n in range(start, ROWS):
        email = "no address at all" if n % 50 == 0 else "a@b.example"
        sent.append(record(External_Id__c=f"C-{n}", LastName=f"N{n}", Email=email))
        if (n + 1) % STATE_EVERY == 0:
            sent.append(state(Contact={"at": n + 1}))
    return [*sent, state(Contact={"at": ROWS})]


def run(folder: Path, config: Path, start: int, seconds: float) -> tuple[int | None, int]:
    """Run the target, and kill it after so many seconds; its exit code and the bookmark then."""
    (folder / "stdin").write_text("".join(json.dumps(each) + "\n" for each in messages(start)))
    (folder / "stdout").write_text("")
    process = _PROCESSES.Process(target=crash_child.run, args=(str(folder), str(config), 0))
    process.start()
    process.join(seconds)
    code = process.exitcode
    process.kill()
    process.join()
    for line in (folder / "stdout").read_text().splitlines():
        start = json.loads(line)["bookmarks"].get("Contact", {"at": start})["at"]
    return code, start


def soak(org: Emulator, folder: Path) -> list[str]:
    """Run until done; what is wrong then."""
    for fault in _FAULTS:
        org.inject(Fault(**fault, probability=FAULTY / len(_FAULTS), times=-1))
    config = folder / "config.json"
    settings = {
        "login_url": org.url,
        "client_id": org.client_id,
        "client_secret": org.client_secret,
        "operation": "insert",
        "validate_rows": False,
        "batch_size_rows": ROWS_PER_BATCH,
        "poll_interval_seconds": 0.02,
        "poll_max_interval_seconds": 0.05,
        "max_failed_percent": 100,
        "state_ledger": False,
        "state_dir": str(folder / "state"),
    }
    config.write_text(json.dumps(settings))
    code, start, kills, began = None, 0, 0, time.monotonic()
    while code != 0:
        code, start = run(folder, config, start, random.uniform(3, 6))
        kills += code is None
        print(f"  {time.monotonic() - began:5.0f} s: {org.count('Contact')} records", flush=True)
    print(f"{kills} kills, {len(org.requests)} requests")
    names = [row["External_Id__c"] for row in org.rows("Contact")]
    wanted = {f"C-{n}" for n in range(ROWS) if n % 50}
    journal = sqlite3.connect(folder / "state" / ORG_ID / "journal.sqlite3")
    failed = [row for (row,) in journal.execute("SELECT row FROM failed_rows")]
    reasons = journal.execute(
        "SELECT code, message, job_id, attempt, count(*) FROM failed_rows GROUP BY 1, 2, 3, 4"
        " HAVING code != 'INVALID_EMAIL_ADDRESS'"
    ).fetchall()
    keys = [json.loads(row)["External_Id__c"] for row in failed]
    problems = []
    if len(names) != len(set(names)) or set(names) != wanted:
        problems.append(f"{len(names)} records, {len(set(names))} different, not {len(wanted)}")
    if sorted(keys) != sorted(f"C-{n}" for n in range(0, ROWS, 50)):
        problems.append(f"{len(keys)} failed rows, {len(set(keys))} different, not {ROWS // 50}")
        problems += map(str, reasons)
    return problems


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place, Emulator() as emulator:
        found = soak(emulator, Path(place))
    print("\n".join(found) or f"{ROWS:,} rows in {BATCHES} batches: counts exact")
    sys.exit(bool(found))
