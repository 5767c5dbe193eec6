"""Ingest jobs: what they are, and how their data is processed.

The oddities are Salesforce's: an upload is not looked at before the job is closed, results come
shuffled and re-serialised, and a job that failed half-way keeps what it did.
"""

from __future__ import annotations

import csv
import hashlib
import random
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from target_salesforce_bulk.emulator.org.dml import HeaderError, RowError, RowProcessor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_salesforce_bulk.emulator.org.faults import Behaviour
    from target_salesforce_bulk.emulator.org.records import Records
    from target_salesforce_bulk.emulator.org.schema import ObjectSchema

csv.field_size_limit(sys.maxsize)

DELIMITERS = {
    "BACKQUOTE": "`",
    "CARET": "^",
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}
_CHUNK_ROWS = 200
_SHUFFLE_ROWS = 1000


@dataclass
class Job:
    """One ingest job."""

    id: str
    schema: ObjectSchema
    operation: str
    external_id: str | None
    api_version: str
    created_by: str
    folder: Path
    line_ending: str = "LF"
    delimiter: str = "COMMA"
    assignment_rule: str | None = None
    state: str = "Open"
    uploads: int = 0
    processed: int = 0
    failed: int = 0
    retries: int = 0
    #: Whether somebody asked for its end while it was processed.
    abort_requested: bool = False
    started: float = 0.0
    milliseconds: int = 0
    error: str = ""
    created: str = field(default_factory=lambda: _now())
    modified: str = field(default_factory=lambda: _now())

    @property
    def data(self) -> Path:
        """The upload."""
        return self.folder / f"{self.id}.csv"

    def result(self, kind: str) -> Path:
        """One of its result files."""
        return self.folder / f"{self.id}.{kind}.csv"

    def set_state(self, state: str) -> None:
        """Move on."""
        self.state = state
        self.modified = _now()

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended."""
        return self.state in {"JobComplete", "Failed", "Aborted"}

    def brief(self) -> dict[str, Any]:
        """The members that every answer has, in the recorded order."""
        body: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.schema.name,
            "createdById": self.created_by,
            "createdDate": self.created,
            "systemModstamp": self.modified,
            "state": self.state,
        }
        if self.external_id:
            body["externalIdFieldName"] = self.external_id
        body |= {
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.api_version),
        }
        if self.assignment_rule:
            body["assignmentRuleId"] = self.assignment_rule
        return body

    def created_answer(self) -> dict[str, Any]:
        """As the answer to a create request has it."""
        return self.brief() | {"contentUrl": self.content_url, **self._format()}

    def listed(self) -> dict[str, Any]:
        """As a row of the list of jobs has it: without counters."""
        url = {"contentUrl": self.content_url} if self.state == "Open" else {}
        return self.brief() | {"jobType": "V2Ingest", **url, **self._format()}

    def full(self) -> dict[str, Any]:
        """As the answer about one job has it."""
        body = self.listed()
        if self.uploads:
            body["numberRecordsProcessed"] = self.processed
            body["numberRecordsFailed"] = self.failed
        body |= {
            "retries": self.retries,
            "totalProcessingTime": self.milliseconds,
            "apiActiveProcessingTime": self.milliseconds,
            "apexProcessingTime": 0,
        }
        if self.state == "Failed":
            body["errorMessage"] = self.error
        return body

    @property
    def content_url(self) -> str:
        """Where the upload goes; relative and without a leading slash, as recorded."""
        return f"services/data/v{self.api_version}/jobs/ingest/{self.id}/batches"

    def _format(self) -> dict[str, str]:
        return {"lineEnding": self.line_ending, "columnDelimiter": self.delimiter}


class JobFailedError(Exception):
    """Why a job fails as a whole."""


class Processor:
    """Processes closed jobs."""

    def __init__(self, records: Records, behaviour: Behaviour) -> None:
        self._records = records
        self._behaviour = behaviour
        self._leaving = threading.Event()

    def leave(self) -> None:
        """Stop processing at the next chunk."""
        self._leaving.set()

    def process(self, job: Job) -> None:
        """Process a job from UploadComplete to its end."""
        if job.state != "UploadComplete":
            return
        job.started = time.monotonic()
        job.set_state("InProgress")
        try:
            with _Results(job) as results:
                self._process_rows(job, results)
            self._leaving.wait(
                self._behaviour.seconds_per_job - (time.monotonic() - job.started)
            ) if self._behaviour.seconds_per_job else None
            state = "JobComplete"
        except JobFailedError as error:
            job.error, state = str(error), "Failed"
        job.milliseconds = int(1000 * (time.monotonic() - job.started))
        job.set_state("Aborted" if job.abort_requested else state)

    def _process_rows(self, job: Job, results: _Results) -> None:
        if job.uploads == 0 or job.data.stat().st_size == 0:
            return
        self._fail_on_purpose()
        _check_bytes(job)
        with job.data.open(encoding="utf-8", newline="") as file:
            rows = _rows(job, file)
            header = next(rows, [])
            try:
                processor = RowProcessor(
                    self._records, job.schema, job.operation, job.external_id, header
                )
            except HeaderError as error:
                raise JobFailedError(str(error)) from None
            stop_after = self._stop_after()
            for chunk in _chunks(rows):
                if job.abort_requested or self._leaving.is_set():
                    results.leave(chunk)
                    results.leave_all(rows)
                    return
                if stop_after and job.processed + len(chunk) > stop_after:
                    results.leave(chunk)
                    results.leave_all(rows)
                    raise JobFailedError("InternalServerError : Processing of the job stopped.")
                self._process_chunk(job, processor, header, chunk, results)

    def _fail_on_purpose(self) -> None:
        behaviour = self._behaviour
        if behaviour.fail_jobs_with and behaviour.fail_jobs_times != 0:
            behaviour.fail_jobs_times -= 1
            raise JobFailedError(behaviour.fail_jobs_with)

    def _stop_after(self) -> int:
        behaviour = self._behaviour
        if not behaviour.stop_after_rows or behaviour.stop_times == 0:
            return 0
        behaviour.stop_times -= 1
        return behaviour.stop_after_rows

    def _process_chunk(
        self,
        job: Job,
        processor: RowProcessor,
        header: list[str],
        chunk: list[list[str]],
        results: _Results,
    ) -> None:
        failed = 0
        processor.begin_chunk()
        with self._records.mutex:
            self._records.begin()
            for cells in chunk:
                try:
                    self._refuse_by_rule(job, header, cells)
                    outcome = processor.apply(cells)
                except RowError as error:
                    failed += 1
                    results.failed(cells, str(error), len(header))
                else:
                    results.successful(outcome.id, outcome.created, outcome.cells)
            self._records.commit()
        job.processed += len(chunk)
        job.failed += failed
        if self._behaviour.rows_per_second:
            self._leaving.wait(len(chunk) / self._behaviour.rows_per_second)

    def _refuse_by_rule(self, job: Job, header: list[str], cells: list[str]) -> None:
        if not self._behaviour.rules:
            return
        row = dict(zip(header, cells, strict=False))
        fingerprint = hashlib.sha256("\x1f".join(cells).encode()).hexdigest()
        for rule in self._behaviour.rules:
            if rule.takes(job.schema.name, row, fingerprint):
                raise _RefusedError(rule.error)


class _RefusedError(RowError):
    """A refusal with its text as given."""

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)


def _check_bytes(job: Job) -> None:
    """What Salesforce finds wrong with a file before it looks at a row."""
    with job.data.open("rb") as file:
        if file.read(3) == b"\xef\xbb\xbf":
            raise JobFailedError(
                "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote "
                "should be within a quote"
            )
        file.seek(0)
        crlf = job.line_ending == "CRLF"
        for line in file:
            if line.endswith(b"\n") and line.endswith(b"\r\n") is not crlf:
                raise JobFailedError(
                    "ClientInputError : LineEnding is invalid on user data. Current LineEnding "
                    f"setting is {job.line_ending}"
                )


def _rows(job: Job, file: IO[str]) -> Iterator[list[str]]:
    try:
        yield from csv.reader(file, delimiter=DELIMITERS[job.delimiter], strict=True)
    except (csv.Error, UnicodeDecodeError):
        raise JobFailedError(
            "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should "
            "be within a quote"
        ) from None


def _chunks(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    chunk: list[list[str]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class _Results:
    """The three result files of a job while they are written, each with its rows shuffled."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._delimiter = DELIMITERS[job.delimiter]
        self._random = random.Random(job.id)  # noqa: S311 - for order, not for secrets
        self._files: dict[str, IO[str]] = {}
        self._waiting: dict[str, list[str]] = {}
        header = _header_line(job)
        for kind, own in (
            ("successfulResults", f'"sf__Id"{self._delimiter}"sf__Created"'),
            ("failedResults", f'"sf__Id"{self._delimiter}"sf__Error"'),
            ("unprocessedrecords", ""),
        ):
            file = job.result(kind).open("w", encoding="utf-8", newline="")
            file.write((own + self._delimiter if own else "") + header + "\n")
            self._files[kind] = file
            self._waiting[kind] = []

    def __enter__(self) -> _Results:
        return self

    def __exit__(self, *_: object) -> None:
        for kind, file in self._files.items():
            self._random.shuffle(self._waiting[kind])
            file.writelines(self._waiting[kind])
            file.close()

    def successful(self, record_id: str, created: bool, cells: list[str]) -> None:
        """A row that was taken, with its values as the org prints them."""
        self._add("successfulResults", [record_id, "true" if created else "false", *cells])

    def failed(self, cells: list[str], error: str, width: int) -> None:
        """A row that was refused, with its cells as they came."""
        shown = cells if len(cells) == width else [""] * width
        self._add("failedResults", ["", error, *shown])

    def leave(self, chunk: list[list[str]]) -> None:
        """Rows that nobody came to."""
        for cells in chunk:
            self._add("unprocessedrecords", cells)

    def leave_all(self, rows: Iterator[list[str]]) -> None:
        """All the rest."""
        for cells in rows:
            self._add("unprocessedrecords", cells)

    def _add(self, kind: str, cells: list[str]) -> None:
        quoted = (cell.replace('"', '""') for cell in cells)
        line = '"' + f'"{self._delimiter}"'.join(quoted) + '"\n'
        waiting = self._waiting[kind]
        if len(waiting) < _SHUFFLE_ROWS:
            waiting.append(line)
            return
        place = self._random.randrange(_SHUFFLE_ROWS)
        self._files[kind].write(waiting[place])
        waiting[place] = line


def _header_line(job: Job) -> str:
    """The caller's header; unquoted where it can be, as Salesforce gives it back."""
    if not job.uploads:
        return ""
    with job.data.open(encoding="utf-8", errors="replace", newline="") as file:
        return file.readline().rstrip("\r\n").lstrip("\ufeff")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
