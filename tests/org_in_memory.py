"""Ingest jobs without a network, and a clock that advances by waiting."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import AnswerLostError, NotFoundError, RequestError
from target_salesforce_bulk.rows.csvfile import encode_row, read_rows
from target_salesforce_bulk.salesforce.job import JobInfo, JobState, Operation, ResultKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Clock:
    """Seconds that pass only by waiting; also the event that stops a run."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def is_set(self) -> bool:
        """The run goes on."""
        return False

    def set(self) -> None:
        """Nobody stops it."""

    def wait(self, seconds: float) -> bool:
        """Let time pass."""
        self.waits.append(seconds)
        self.now += seconds
        return False


@dataclass
class Job:
    """A job of the org."""

    id: str
    operation: Operation
    state: JobState = JobState.OPEN
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    loaded: list[list[str]] = field(default_factory=list)
    failed: list[list[str]] = field(default_factory=list)


def lost(name: str) -> Callable[[], None]:
    """The response to a request does not arrive."""

    def lose() -> None:
        raise AnswerLostError(f"The answer to {name} was lost.")

    return lose


def not_found() -> None:
    """A job that does not exist."""
    raise NotFoundError("gone", status=404, code="NOTFOUND", detail="gone")


def refused(code: str) -> RequestError:
    """A refusal."""
    return RequestError(f"Salesforce refused: {code}.", status=400, code=code, detail=code)


class OrgInMemory:
    """Answers the requests of `IngestApi`, and counts them."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.asked: list[str] = []
        #: What happens before and after requests, by their name; each thing once, in order.
        self.before: dict[str, list[Callable[[], Any]]] = {}
        self.after: dict[str, list[Callable[[], Any]]] = {}
        #: What happens to all requests of a name.
        self.always: dict[str, Callable[[], Any]] = {}
        #: Last cells of rows that are refused, with their errors.
        self.errors: dict[str, str] = {}

    def records(self) -> list[str]:
        """The last cell of each record, in the order of loading."""
        return [row[-1] for job in self.jobs.values() for row in job.loaded]

    def states(self) -> list[JobState]:
        """The states of the jobs."""
        return [job.state for job in self.jobs.values()]

    def _begin(self, name: str) -> None:
        self.asked.append(name)
        if self.before.get(name):
            self.before[name].pop(0)()
        if name in self.always:
            self.always[name]()

    def _end(self, name: str, job: Job) -> JobInfo:
        if self.after.get(name):
            self.after[name].pop(0)()
        # As Salesforce tells of a job that has data.
        count = len(job.loaded) + len(job.failed) if job.rows else None
        return JobInfo(
            id=job.id,
            object="Contact",
            operation=job.operation,
            state=job.state,
            records_processed=count,
            records_failed=None if count is None else len(job.failed),
        )

    def _job(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            not_found()
        return self.jobs[job_id]

    def create(self, _sobject: str, operation: Operation, **_: Any) -> JobInfo:
        """An open job."""
        self._begin("create")
        job = Job(f"750-{len(self.jobs) + 1}", operation)
        self.jobs[job.id] = job
        return self._end("create", job)

    def upload(self, job_id: str, path: Path, *, compressed: bool = False) -> None:
        """Take a job's rows."""
        self._begin("upload")
        assert not compressed
        job = self._job(job_id)
        job.header, *job.rows = read_rows(path)
        self._end("upload", job)

    def close(self, job_id: str) -> JobInfo:
        """Load the rows."""
        self._begin("close")
        job = self._job(job_id)
        if job.state is not JobState.OPEN:
            raise refused("INVALIDJOBSTATE")
        self.process(job)
        return self._end("close", job)

    def process(self, job: Job) -> None:
        """Load the rows of a job."""
        for row in job.rows:
            (job.failed if row[-1] in self.errors else job.loaded).append(row)
        job.state = JobState.JOB_COMPLETE

    def abort(self, job_id: str) -> JobInfo:
        """Stop a job that has not ended."""
        self._begin("abort")
        job = self._job(job_id)
        if job.state.is_terminal:
            raise refused("INVALIDJOBSTATE")
        job.state = JobState.ABORTED
        return self._end("abort", job)

    def get(self, job_id: str) -> JobInfo:
        """The state of a job."""
        self._begin("get")
        return self._end("get", self._job(job_id))

    def download(self, job_id: str, kind: ResultKind, path: Path, *, most_bytes: int = 0) -> None:
        """One of the result files."""
        self._begin("download")
        job = self._job(job_id)
        lines = {
            ResultKind.SUCCESSFUL: [["003", "true", *row] for row in job.loaded],
            ResultKind.FAILED: [["", self.errors.get(row[-1], ""), *row] for row in job.failed],
            ResultKind.UNPROCESSED: []
            if job.state is JobState.JOB_COMPLETE
            else job.rows[len(job.loaded) + len(job.failed) :],
        }[kind]
        extra = {ResultKind.SUCCESSFUL: ["sf__Id", "sf__Created"], ResultKind.UNPROCESSED: []}
        header = [*extra.get(kind, ["sf__Id", "sf__Error"]), *job.header]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *lines])


def write_rows(path: Path, header: list[str], cells: list[str]) -> int:
    """A CSV of one column; its bytes."""
    content = encode_row(header) + b"".join(encode_row([cell]) for cell in cells)
    path.write_bytes(content)
    return len(content)
