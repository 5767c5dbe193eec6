"""The tap of results on a state directory of a million rows: seconds, rows a second, memory.

`python bench/results_tap.py --rows 1000000`. The state directory is made by the journal itself and
by what keeps loaded Ids: batches of 100,000 rows. It is read once as a whole, once with the
bookmark of that, and once as a whole by somebody who begins later.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from harness import Table

from target_salesforce_bulk.journal.batch import BatchColumn, Counts, LoadPlan
from target_salesforce_bulk.journal.failed_rows import FailedRow, RowError
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.lifecycle import Event
from target_salesforce_bulk.reporting.loaded_ids import LoadedIds
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.state_directory import StateDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.journal.batch import Batch, ChildDraft

_TAP = (sys.executable, "-m", "target_salesforce_bulk.cli.results_tap")
_ORG = "00D000000000001EAA"
_BATCH = 100_000
_PLAN = LoadPlan(
    stream="people",
    sobject="Contact",
    operation=Operation.UPSERT,
    columns=(
        BatchColumn(header="Key__c", type="string"),
        BatchColumn(header="LastName", type="string"),
    ),
    key="Key__c",
)


class AllFailed:
    """Every row of a batch failed."""

    def __init__(self, first: int, rows: int) -> None:
        self._range = range(first, first + rows)

    def refused(self) -> Iterator[FailedRow]:
        """None."""
        yield from ()

    def sent(self, *, loaded: bool) -> Iterator[FailedRow]:
        """All."""
        for number in self._range:
            row = {"Key__c": f"C-{number}", "LastName": f"Number {number}"}
            error = RowError(
                code="INVALID_EMAIL_ADDRESS",
                message=f"Email: invalid email address: ada.{number}",
                fields=("Email",),
            )
            yield FailedRow(row=row, error=error, key=row["Key__c"], same_key=row["Key__c"].lower())

    def children(self) -> list[ChildDraft]:
        """None."""
        return []

    def counts(self) -> Counts:
        """The sums."""
        return Counts(failed=len(self._range))


class AllLoaded(AllFailed):
    """Every row of a batch was loaded."""

    def sent(self, *, loaded: bool) -> Iterator[FailedRow]:
        """None that is to be stored."""
        yield from ()

    def counts(self) -> Counts:
        """The sums."""
        return Counts(loaded=len(self._range))

    def save(self, folder: Path, batch: Batch) -> None:
        """Keep the Ids of the rows, as of a job's successful results."""
        successful = folder / "successful.csv"
        with successful.open("w") as file:
            file.write('"sf__Id","sf__Created","Key__c","LastName"\n')
            for number in self._range:
                file.write(f'"003{number:012}AAA","true","C-{number}","Number {number}"\n')
        LoadedIds(folder, batch.run_id).keep(batch, successful)
        successful.unlink()


def fill(state: Path, rows: int, outcome: type[AllFailed]) -> None:
    """Make a state directory whose rows all have one outcome."""
    folder = StateDirectory(state, "").of_org(_ORG, "https://acme.my.salesforce.com")
    with SqliteJournal(folder) as journal:
        journal.start_run("20260101T000000Z-0000")
        for first in range(0, rows, _BATCH):
            size = min(_BATCH, rows - first)
            batch = journal.open_batch(_PLAN)
            journal.seal(batch.id, rows=size, size=size * 60, merged=0)
            job = {"job_id": f"750{batch.id:012}AAA", "jobs_made": 1}
            for event in (Event.CREATED, Event.CLOSING, Event.SUBMITTED, Event.ENDED):
                batch = journal.record(batch.id, event, **job)
            result = outcome(first, size)
            if isinstance(result, AllLoaded):
                result.save(folder, batch)
            journal.settle(batch, result)
        journal.release_settled()
        journal.leave_run()


def measure(folder: Path, *arguments: str | Path) -> tuple[int, float, float, float]:
    """Run the tap: rows, seconds, CPU seconds and peak megabytes. Its last STATE is kept."""
    output = folder / "output"
    started = time.monotonic()
    with output.open("wb") as stdout:
        config = ("--config", folder / "config.json")
        process = subprocess.Popen(
            [*_TAP, *config, *arguments], stdout=stdout, stderr=subprocess.DEVNULL
        )
        _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    process.returncode = status
    if status:
        sys.exit("the tap failed")
    with output.open("rb") as lines:
        rows = sum(b'"stream":"load_rows","record"' in line for line in lines)
    with output.open("rb") as lines:
        *_, last = (line for line in lines if line.startswith(b'{"type":"STATE"'))
    (folder / "state.json").write_text(json.dumps(json.loads(last)["value"]))
    return rows, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> int:
    """Measure both kinds of rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    table = Table("Results tap", "read", "rows", "seconds", "rows/s", "CPU seconds", "MB")
    for outcome in (AllLoaded, AllFailed):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "config.json").write_text(json.dumps({"state_dir": str(folder / "state")}))
            fill(folder / "state", rows, outcome)
            kind = "loaded" if outcome is AllLoaded else "failed"
            for what, arguments in (
                ("first time", ()),
                ("nothing new", ("--state", folder / "state.json")),
                ("again as a whole", ()),
            ):
                found, seconds, cpu, megabytes = measure(folder, *arguments)
                table.row(
                    f"{kind}, {what}",
                    f"{found:,}",
                    f"{seconds:.1f}",
                    f"{found / seconds:,.0f}",
                    f"{cpu:.1f}",
                    f"{megabytes:.0f}",
                )
    print("\n".join(table.lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
