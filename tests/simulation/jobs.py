"""Ingest jobs of the org: their rows, their processing and their responses."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from simulation.records import Cells, RowError, echoed
from simulation.shims import EPOCH

if TYPE_CHECKING:
    import random

    from simulation.records import Tables

#: States that a job does not leave.
ENDED = frozenset({"JobComplete", "Failed", "Aborted"})


@dataclass
class Outcome:
    """What became of one row of a job."""

    row: Cells
    done: bool = False
    error: str = ""
    record_id: str = ""
    created: bool = False
    at: float = 0.0


@dataclass
class Job:
    """One ingest job."""

    id: str
    object: str
    operation: str
    key: str | None
    created_at: float
    state: str = "Open"
    header: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    uploads: int = 0
    error_message: str = ""
    modified_at: float = 0.0
    #: How its answers contradict what it did: members of `LIES`.
    lies: frozenset[str] = frozenset()
    #: Rows that one step of processing takes.
    chunk_rows: int = 3

    def take(self, body: bytes) -> None:
        """Keep an upload."""
        self.uploads += 1
        header, *rows = csv.reader(io.StringIO(body.decode(), newline=""))
        self.header = header
        self.outcomes = [Outcome(dict(zip(header, row, strict=True))) for row in rows]

    @property
    def pending(self) -> list[Outcome]:
        """Rows that have not been tried."""
        return [each for each in self.outcomes if not each.done]

    def answer(self) -> dict[str, Any]:
        """The job as Salesforce describes it."""
        body: dict[str, Any] = {
            "id": self.id,
            "object": self.object,
            "operation": self.operation,
            "state": self.state,
            "createdById": "005000000000001AAA",
            "createdDate": _date(self.created_at),
            "systemModstamp": _date(self.modified_at),
        }
        if self.key:
            body["externalIdFieldName"] = self.key
        if self.error_message:
            body["errorMessage"] = self.error_message
        if self.uploads:
            body |= self._counts()
        return body

    def _counts(self) -> dict[str, int]:
        done = [each for each in self.outcomes if each.done]
        failed = sum(bool(each.error) for each in done)
        if self.state in ENDED and "counts of 0" in self.lies:
            return {"numberRecordsProcessed": 0, "numberRecordsFailed": 0}
        if self.state in ENDED and "one failure too many" in self.lies:
            failed += 1
        return {"numberRecordsProcessed": len(done), "numberRecordsFailed": failed}

    def results(self, kind: str, tables: Tables, rng: random.Random) -> bytes:
        """One of the three result files."""
        loaded = [each for each in self.outcomes if each.done and not each.error]
        failed = [each for each in self.outcomes if each.done and each.error]
        if "a success is missing" in self.lies:
            loaded = loaded[1:]
        if "a row in two files" in self.lies:
            failed = [*failed, *loaded[:1]]
        if kind == "successfulResults":
            first, rows = ["sf__Id", "sf__Created"], loaded
        elif kind == "failedResults":
            first, rows = ["sf__Id", "sf__Error"], failed
        else:
            first, rows = [], self.pending
        columns = list(self.header)
        rng.shuffle(columns)
        rows = rng.sample(rows, len(rows))
        fields = tables.table(self.object).fields
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow([*first, *columns])
        for each in rows:
            echo = [echoed(fields.get(name.lower()), each.row[name]) for name in columns]
            writer.writerow([*_facts(kind, each), *echo])
        return file.getvalue().encode()


def _facts(kind: str, outcome: Outcome) -> list[str]:
    if kind == "successfulResults":
        return [outcome.record_id, "true" if outcome.created else "false"]
    if kind == "failedResults":
        return [outcome.record_id, outcome.error or "UNABLE_TO_LOCK_ROW:in two files:--"]
    return []


def process(job: Job, outcomes: list[Outcome], tables: Tables, now: float) -> None:
    """Apply rows of a job to the records."""
    for each in outcomes:
        each.done, each.at = True, now
        if each.error:
            continue
        before = tables.table(job.object).made
        try:
            record = tables.apply(job.object, job.operation, job.key, each.row, now)
        except RowError as error:
            each.error = error.text
        else:
            each.record_id = record.id
            each.created = tables.table(job.object).made > before


def _date(at: float) -> str:
    return f"{EPOCH + timedelta(seconds=at):%Y-%m-%dT%H:%M:%S}.000+0000"
