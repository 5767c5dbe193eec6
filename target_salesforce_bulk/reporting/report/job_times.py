"""Notes when the steps of jobs take place, by watching the requests for them."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.salesforce.ingest import IngestApi
from target_salesforce_bulk.salesforce.job import JobInfo, JobState, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from target_salesforce_bulk.salesforce.job import ResultKind

#: A report lists no more jobs or batches than these, so that neither memory nor file grows.
MOST = 10_000


_LEFT_OUT = JobInfo(id="", object="", operation=Operation.INSERT, state=JobState.OPEN)


class WallClock:
    """The time of day, which never goes back within a run."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def __call__(self) -> float:
        """Seconds since 1970, in UTC."""
        return self._offset + time.monotonic()


def as_time(seconds: float) -> datetime:
    """Seconds since 1970 as a time, to the millisecond."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)


def maybe_time(seconds: float | None) -> datetime | None:
    """The same of a time that may not be known."""
    return None if seconds is None else as_time(seconds)


@dataclass(kw_only=True, slots=True)
class JobTimes:
    """What is known of one job; times are seconds since 1970."""

    info: JobInfo
    created: float | None = None
    upload_started: float | None = None
    uploaded: float | None = None
    closed: float | None = None
    polls: int = 0
    polled: float | None = None
    finished: float | None = None
    results_started: float | None = None
    results_fetched: float | None = None

    def note_state(self, job: JobInfo, now: float) -> None:
        """Note what a poll has told; a response to the close may have been lost before."""
        self.info = job
        self.polls += 1
        given_up = self.created is not None and self.closed is None
        if given_up and job.state in {JobState.OPEN, JobState.ABORTED}:
            return
        if given_up:
            self.closed = now
        if not job.state.is_terminal:
            self.polled = now
        elif self.finished is None:
            self.finished = now


class JobNotes:
    """The notes of all jobs of a run; safe to call from any thread.

    Args:
        clock: Seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._jobs: dict[str, JobTimes] = {}
        #: Jobs that were not noted because there are too many.
        self.left_out = 0

    def __iter__(self) -> Iterator[JobTimes]:
        with self._mutex:
            return iter(tuple(self._jobs.values()))

    def created(self, job: JobInfo) -> None:
        """A job was created."""
        with self._mutex:
            if len(self._jobs) >= MOST:
                self.left_out += 1
            else:
                self._jobs[job.id] = JobTimes(info=job, created=self._clock())

    def upload_starts(self, job_id: str) -> None:
        """The data of a job are about to be sent."""
        with self._noting(job_id) as times:
            times.upload_started = self._clock()

    def uploaded(self, job_id: str) -> None:
        """The data of a job were sent."""
        with self._noting(job_id) as times:
            times.uploaded = self._clock()

    def closed(self, job: JobInfo) -> None:
        """A job was closed."""
        with self._noting(job.id) as times:
            times.info, times.closed = job, self._clock()

    def aborted(self, job: JobInfo) -> None:
        """A job was aborted."""
        with self._noting(job.id) as times:
            times.info = job

    def polled(self, job: JobInfo) -> None:
        """A job was asked for its state; one of an earlier run is noted from now on."""
        with self._mutex:
            if job.id not in self._jobs and len(self._jobs) < MOST and not self.left_out:
                self._jobs[job.id] = JobTimes(info=job)
        with self._noting(job.id) as times:
            times.note_state(job, self._clock())

    def results_start(self, job_id: str) -> None:
        """A result file is about to be downloaded; the first one counts."""
        with self._noting(job_id) as times:
            times.results_started = times.results_started or self._clock()

    def results_fetched(self, job_id: str) -> None:
        """A result file was downloaded; the last one counts."""
        with self._noting(job_id) as times:
            times.results_fetched = self._clock()

    @contextmanager
    def _noting(self, job_id: str) -> Iterator[JobTimes]:
        """The notes of a job; of one that is left out, notes that nobody keeps."""
        with self._mutex:
            yield self._jobs.get(job_id) or JobTimes(info=_LEFT_OUT)


class WatchedIngest(IngestApi):
    """Sends each request as another one does, and notes what it tells of a job.

    Args:
        api: Sends the requests.
        notes: Takes the notes.
    """

    def __init__(self, api: IngestApi, notes: JobNotes) -> None:
        self._api = api
        self._notes = notes

    def create(self, sobject: str, operation: Operation, **options: Any) -> JobInfo:
        """See `IngestApi.create`."""
        job = self._api.create(sobject, operation, **options)
        self._notes.created(job)
        return job

    def upload(self, job_id: str, path: Path, *, compressed: bool = False) -> None:
        """See `IngestApi.upload`."""
        self._notes.upload_starts(job_id)
        self._api.upload(job_id, path, compressed=compressed)
        self._notes.uploaded(job_id)

    def close(self, job_id: str) -> JobInfo:
        """See `IngestApi.close`."""
        job = self._api.close(job_id)
        self._notes.closed(job)
        return job

    def abort(self, job_id: str) -> JobInfo:
        """See `IngestApi.abort`."""
        job = self._api.abort(job_id)
        self._notes.aborted(job)
        return job

    def get(self, job_id: str) -> JobInfo:
        """See `IngestApi.get`."""
        job = self._api.get(job_id)
        self._notes.polled(job)
        return job

    def download(self, job_id: str, kind: ResultKind, path: Path, **options: Any) -> None:
        """See `IngestApi.download`."""
        self._notes.results_start(job_id)
        self._api.download(job_id, kind, path, **options)
        self._notes.results_fetched(job_id)
