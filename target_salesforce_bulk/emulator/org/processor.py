"""What happens to a job between its close and its end.

A job that fails half-way keeps the rows that it has processed.
"""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING

from target_salesforce_bulk.emulator.org.dml import RowError, RowProcessor
from target_salesforce_bulk.emulator.org.job import JobFailedError
from target_salesforce_bulk.emulator.org.results import ResultFiles
from target_salesforce_bulk.emulator.org.uploads import check_bytes, chunks, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.emulator.org.behaviour import Behaviour
    from target_salesforce_bulk.emulator.org.job import Job
    from target_salesforce_bulk.emulator.org.records import Records


class Processor:
    """Processes closed jobs; safe to use from several threads."""

    def __init__(self, records: Records, behaviour: Behaviour) -> None:
        self._records = records
        self._behaviour = behaviour
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Stop processing at the next chunk."""
        self._stopping.set()

    def process(self, job: Job) -> None:
        """Process a job from UploadComplete to its end; ignore one that was aborted before."""
        if job.state != "UploadComplete":
            return
        started = time.monotonic()
        job.set_state("InProgress")
        try:
            self._run(job)
            self._wait(self._behaviour.seconds_per_job - (time.monotonic() - started))
            state = "JobComplete"
        except JobFailedError as error:
            job.error, state = str(error), "Failed"
        job.milliseconds = int(1000 * (time.monotonic() - started))
        job.set_state("Aborted" if job.abort_requested else state)

    def _run(self, job: Job) -> None:
        with ResultFiles(job) as results:
            if job.uploads == 0 or job.data.stat().st_size == 0:
                return
            if failure := self._behaviour.job_failure():
                raise JobFailedError(failure)
            check_bytes(job)
            with job.data.open(encoding="utf-8", newline="") as file:
                _JobRun(self._records, self._behaviour, job, results).run(
                    read_rows(job, file), self._stopping
                )

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self._stopping.wait(seconds)


class _JobRun:
    """Processes the rows of one job."""

    def __init__(
        self, records: Records, behaviour: Behaviour, job: Job, results: ResultFiles
    ) -> None:
        self._records = records
        self._behaviour = behaviour
        self._job = job
        self._results = results

    def run(self, rows: Iterator[list[str]], stopping: threading.Event) -> None:
        """Process the rows chunk by chunk until the job is aborted, stopped or at its limit."""
        job = self._job
        self._header = next(rows, [])
        processor = RowProcessor(
            self._records, job.schema, job.operation, job.external_id, self._header
        )
        limit = self._behaviour.row_limit()
        for chunk in chunks(rows):
            ended = job.abort_requested or stopping.is_set()
            over_limit = limit and job.processed + len(chunk) > limit
            if ended or over_limit:
                self._results.add_unprocessed(chunk)
                self._results.add_unprocessed(rows)
                if ended:
                    return
                raise JobFailedError("InternalServerError : Processing of the job stopped.")
            self._process_chunk(processor, chunk)
            if self._behaviour.rows_per_second:
                stopping.wait(len(chunk) / self._behaviour.rows_per_second)

    def _process_chunk(self, processor: RowProcessor, chunk: list[list[str]]) -> None:
        processor.begin_chunk()
        with self._records.mutex:
            self._records.begin()
            failed = sum(not self._process_row(processor, cells) for cells in chunk)
            self._records.commit()
        self._job.processed += len(chunk)
        self._job.failed += failed

    def _process_row(self, processor: RowProcessor, cells: list[str]) -> bool:
        """Whether the row was accepted."""
        try:
            self._reject_by_rule(cells)
            outcome = processor.apply(cells)
        except RowError as error:
            self._results.add_failed(cells, str(error), len(self._header))
            return False
        self._results.add_successful(outcome.id, created=outcome.created, cells=outcome.cells)
        return True

    def _reject_by_rule(self, cells: list[str]) -> None:
        if not self._behaviour.rules:
            return
        row = dict(zip(self._header, cells, strict=False))
        fingerprint = hashlib.sha256("\x1f".join(cells).encode()).hexdigest()
        for rule in self._behaviour.rules:
            if rule.takes(self._job.schema.name, row, fingerprint):
                raise RowError(rule.error)
