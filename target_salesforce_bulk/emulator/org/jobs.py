"""The ingest jobs of the org, with their files and the threads that process them."""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from target_salesforce_bulk.emulator.org.job import Job
from target_salesforce_bulk.emulator.org.job_request import Admission, JobRequest
from target_salesforce_bulk.emulator.org.processor import Processor
from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from target_salesforce_bulk.emulator.org.behaviour import Behaviour
    from target_salesforce_bulk.emulator.org.records import Records

#: Jobs that are processed at once; the others wait.
_PROCESSORS = 4


class Jobs:
    """All ingest jobs."""

    def __init__(self, records: Records, behaviour: Behaviour) -> None:
        self._records = records
        self._admission = Admission(records, behaviour)
        self._processor = Processor(records, behaviour)
        self._pool = ThreadPoolExecutor(_PROCESSORS, "job")
        self._spool = Path(tempfile.mkdtemp(prefix="salesforce-emulator-"))
        self._jobs: dict[str, Job] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def all(self) -> list[Job]:
        """Every job, oldest first."""
        return list(self._jobs.values())

    def create(self, request: JobRequest) -> Job:
        """Create an open job.

        Raises:
            RefusalError: the request is not acceptable.
        """
        schema = self._admission.check(request)
        job = Job(
            id=self._records.next_job_id(),
            schema=schema,
            operation=str(request.operation),
            external_id=request.external_id if request.operation == "upsert" else None,
            api_version=request.api_version,
            created_by=self._records.user_id,
            folder=self._spool,
            line_ending=request.line_ending,
            delimiter=request.delimiter,
            assignment_rule=request.assignment_rule,
        )
        self._jobs[job.id[:15]] = job
        return job

    def find(self, job_id: str) -> Job:
        """A job by its id of 15 or 18 characters.

        Raises:
            RefusalError: there is no such job.
        """
        job = self._jobs.get(job_id[:15])
        if job is None:
            raise RefusalError.not_found()
        return job

    def close(self, job: Job) -> None:
        """End the upload of a job, and process it when a thread is free.

        Raises:
            RefusalError: the job cannot be closed.
        """
        job.close()
        self._pool.submit(self._processor.process, job)

    def delete(self, job: Job) -> None:
        """Delete a job and its files.

        Raises:
            RefusalError: the job is neither closed nor ended.
        """
        job.check_delete()
        del self._jobs[job.id[:15]]
        for path in self._spool.glob(f"{job.id}*"):
            path.unlink()

    def clear(self) -> None:
        """Forget all jobs."""
        self._jobs.clear()

    def stop(self) -> None:
        """Stop processing, and remove the files of all jobs."""
        self._processor.stop()
        self._pool.shutdown(cancel_futures=True)
        shutil.rmtree(self._spool, ignore_errors=True)
