"""What is known of a run while it runs, as a picture that another thread can take."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from target_salesforce_bulk.loading.events import (
    BatchSettled,
    JobCreated,
    JobGivenUp,
    JobPolled,
    RowsKept,
    StreamStopped,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.loading.events import Event
    from target_salesforce_bulk.loading.tally import Tally
    from target_salesforce_bulk.salesforce.job import JobInfo
    from target_salesforce_bulk.salesforce.limits import ApiUsage
    from target_salesforce_bulk.salesforce.meter import Traffic

#: Seconds over which a rate is taken.
_WINDOW_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class JobProgress:
    """A job that has not been settled."""

    job_id: str
    stream: str
    sobject: str
    operation: str
    rows: int
    #: As Salesforce calls it; Open before the first poll.
    state: str
    processed: int
    failed: int
    #: When Salesforce was first seen to process it; None before.
    began_at: float | None
    #: Rows a second since then.
    rate: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """How far a run is at one moment."""

    seconds: float
    read: int
    #: Rows read a second, over the last seconds; 0 after the end of the input.
    read_rate: float
    loaded: int
    failed: int
    batches_settled: int
    jobs: tuple[JobProgress, ...]
    #: Requests of this run, and the share of the org's day in percent; None where it is unknown.
    api_calls: int
    api_percent: float | None
    #: Seconds until every row has an outcome; None where that cannot be known.
    seconds_left: float | None

    @property
    def news(self) -> tuple[object, ...]:
        """What must have changed for a further line to be worth reading."""
        jobs = tuple((each.job_id, each.state, each.processed) for each in self.jobs)
        return self.read, self.loaded, self.failed, self.batches_settled, jobs


class Facts:
    """Observes a run, and takes pictures of it; safe to call from any thread.

    Args:
        tally: The totals of the run.
        traffic: What the run has sent.
        usage: How much of the org's API requests is used; None where that is unknown.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        *,
        tally: Tally,
        traffic: Callable[[], Traffic],
        usage: Callable[[], ApiUsage | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tally = tally
        self._traffic = traffic
        self._usage = usage
        self._clock = clock
        self._started_at = clock()
        self._mutex = threading.Lock()
        self._jobs: dict[int, JobProgress] = {}
        self._settled = 0
        self._input_ended_at: float | None = None
        self._known_then = 0
        self._reads: deque[tuple[float, int]] = deque([(self._started_at, 0)])

    def observe(self, event: Event) -> None:
        """Take what happened to a batch or its job."""
        with self._mutex:
            match event:
                case JobCreated():
                    self._jobs[event.batch.id] = _created(event.batch)
                case JobPolled():
                    before = self._jobs.get(event.batch.id) or _created(event.batch)
                    self._jobs[event.batch.id] = _polled(before, event.job, self._clock())
                case BatchSettled():
                    self._jobs.pop(event.batch.id, None)
                    self._settled += 1
                case JobGivenUp() | RowsKept():
                    self._jobs.pop(event.batch.id, None)
                case StreamStopped():
                    # A job of it that goes on comes back with its next poll.
                    self._jobs = {
                        key: job for key, job in self._jobs.items() if job.stream != event.stream
                    }

    def input_ended(self) -> None:
        """Note that no further row comes, so that the time left can be known."""
        known = sum(each.counts.known for each in self._tally.snapshot())
        with self._mutex:
            self._input_ended_at, self._known_then = self._clock(), known

    def picture(self) -> Picture:
        """How far the run is now."""
        streams, traffic, usage = self._tally.snapshot(), self._traffic(), self._usage()
        now = self._clock()
        read = sum(each.read for each in streams)
        known = sum(each.counts.known for each in streams)
        gone = known + sum(each.merged + each.counts.superseded for each in streams)
        with self._mutex:
            jobs = tuple(self._jobs.values())
            return Picture(
                seconds=now - self._started_at,
                read=read,
                read_rate=self._read_rate(now, read),
                loaded=sum(each.counts.loaded for each in streams),
                failed=sum(each.counts.not_loaded for each in streams),
                batches_settled=self._settled,
                jobs=jobs,
                api_calls=traffic.requests,
                api_percent=None if usage is None else usage.percent,
                seconds_left=self._seconds_left(now, read - gone, known, jobs),
            )

    def _read_rate(self, now: float, read: int) -> float:
        self._reads.append((now, read))
        while now - self._reads[0][0] > _WINDOW_SECONDS and self._reads[1][0] < now:
            self._reads.popleft()
        if self._input_ended_at is not None:
            return 0.0
        since, then = self._reads[0]
        return (read - then) / (now - since) if now > since else 0.0

    def _seconds_left(
        self, now: float, left: int, known: int, jobs: tuple[JobProgress, ...]
    ) -> float | None:
        if self._input_ended_at is None:
            return None
        processed = sum(each.processed for each in jobs)
        done, seconds = known + processed - self._known_then, now - self._input_ended_at
        if done <= 0 or seconds <= 0 or left <= 0:
            return None
        return max(0, left - processed) * seconds / done


def _created(batch: Batch) -> JobProgress:
    return JobProgress(
        job_id=batch.job_id or "",
        stream=batch.plan.stream,
        sobject=batch.plan.sobject,
        operation=batch.plan.operation,
        rows=batch.rows,
        state="Open",
        processed=0,
        failed=0,
        began_at=None,
        rate=0.0,
    )


def _polled(before: JobProgress, job: JobInfo, now: float) -> JobProgress:
    processed = min(job.records_processed or 0, before.rows)
    began_at = before.began_at
    if began_at is None and job.state in {"InProgress", "JobComplete"}:
        began_at = now
    seconds = 0.0 if began_at is None else now - began_at
    return replace(
        before,
        state=job.state,
        processed=processed,
        failed=job.records_failed or 0,
        began_at=began_at,
        rate=processed / seconds if seconds > 0 else 0.0,
    )
