"""Who spent the time of a run: the phases of its jobs, and their shares of the whole.

Salesforce says how long it worked on a job, not when. Within the time from the close of a job to
the poll that saw its end, the work is taken to come last: before it the job was queued, after it
nobody had looked yet. `apiActiveProcessingTime` includes Apex, and excludes the queue and the
reading and writing of data.
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/get_job_info.htm
"""

from __future__ import annotations

from collections import Counter, defaultdict
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from target_salesforce_bulk.salesforce.job import JobState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from target_salesforce_bulk.reporting.report.schema import JobFacts, ReadingFacts, Report


class Phase(StrEnum):
    """What the time is spent on."""

    TAP = "tap"  #: no row came, and no job was under way
    TARGET = "target"  #: this program: encoding, writing to disk, settling
    UPLOAD = "upload"
    TURN = "turn"  #: uploaded, while an earlier job of the object is under way
    RESEND = "resend"  #: before failed rows are sent again
    QUEUE = "queue"  #: closed, and not being processed yet
    SALESFORCE = "salesforce"  #: being processed, without Apex
    APEX = "apex"  #: triggers, flows and other Apex
    POLLING = "polling"  #: ended, and not seen yet
    RESULTS = "results"  #: downloading results


#: These wait for something else, which the time belongs to if it is under way.
WAITING = frozenset({Phase.TURN, Phase.RESEND})


class Segment(NamedTuple):
    """A span of one phase; seconds since 1970."""

    phase: Phase
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start


def segments(job: JobFacts, parent_settled_at: datetime | None = None) -> list[Segment]:
    """The phases of a job in their order, as far as they are known.

    Args:
        job: The job.
        parent_settled_at: When the batch was settled whose rows this job sends again.
    """
    found = [
        _between(Phase.RESEND, parent_settled_at, job.created_at),
        _between(Phase.UPLOAD, job.created_at, job.uploaded_at),
        _between(Phase.TURN, job.uploaded_at, job.closed_at),
        *_at_salesforce(job),
        _between(Phase.RESULTS, job.results_started_at, job.results_fetched_at),
    ]
    return [each for each in found if each is not None and each.seconds > 0]


def _between(phase: Phase, start: datetime | None, end: datetime | None) -> Segment | None:
    if start is None or end is None:
        return None
    return Segment(phase, start.timestamp(), end.timestamp())


def _at_salesforce(job: JobFacts) -> list[Segment]:
    """From the close of a job to the poll that saw its end, or to the newest one."""
    closed, seen = job.closed_at, job.finished_at or job.polled_at
    if closed is None or seen is None or seen < closed:
        return []
    start, end = closed.timestamp(), seen.timestamp()
    if job.finished_at is None:
        waits = job.state != JobState.IN_PROGRESS
        return [Segment(Phase.QUEUE if waits else Phase.SALESFORCE, start, end)]
    work = min(job.active_ms / 1000, end - start)
    apex = min(job.apex_ms / 1000, work)
    unseen = _unseen(job, end - start - work)
    begins, works = end - unseen - work, end - unseen
    return [
        Segment(Phase.QUEUE, start, begins),
        Segment(Phase.SALESFORCE, begins, works - apex),
        Segment(Phase.APEX, works - apex, works),
        Segment(Phase.POLLING, works, end),
    ]


def _unseen(job: JobFacts, most: float) -> float:
    """How long a job had ended before a poll saw it.

    Salesforce's clock says when it ended, and the poll before says when it had not.
    """
    if job.finished_at is None or job.modified_at is None:
        return 0.0
    before = job.polled_at or job.closed_at or job.finished_at
    gap = (job.finished_at - before).total_seconds()
    return max(0.0, min((job.finished_at - job.modified_at).total_seconds(), gap, most))


def job_segments(report: Report) -> dict[str, list[Segment]]:
    """The phases of every job, by its ID."""
    batches = {each.id: each for each in report.batches}

    def parent_settled_at(job: JobFacts) -> datetime | None:
        batch = None if job.batch is None else batches.get(job.batch)
        parent = None if batch is None or batch.parent is None else batches.get(batch.parent)
        return None if parent is None else parent.settled_at

    return {each.id: segments(each, parent_settled_at(each)) for each in report.jobs}


def shares(report: Report) -> dict[Phase, float]:
    """The seconds of a run by what they were spent on; their sum is that of the run.

    A moment in which several jobs are under way is divided evenly among them. One in which none is
    belongs to the tap or to this program, in proportion to the CPU time of reading.
    """
    start, end = report.started_at.timestamp(), report.ended_at.timestamp()
    read_until = min(end, start + report.reading.seconds)
    spent: defaultdict[Phase, float] = defaultdict(float)
    idle = 0.0
    for left, right, phases in _intervals(job_segments(report).values(), start, end, read_until):
        if phases:
            for phase, number in phases.items():
                spent[phase] += (right - left) * number / phases.total()
        elif right <= read_until:
            idle += right - left
        else:
            spent[Phase.TARGET] += right - left
    busy = _busy_share(report.reading)
    spent[Phase.TARGET] += idle * busy
    spent[Phase.TAP] += idle * (1 - busy)
    return {phase: spent[phase] for phase in Phase if spent[phase] > 0}


def _busy_share(reading: ReadingFacts) -> float:
    return min(1.0, reading.cpu_seconds / reading.seconds) if reading.seconds else 1.0


def _intervals(
    jobs: Iterable[list[Segment]], start: float, end: float, read_until: float
) -> Iterable[tuple[float, float, Counter[Phase]]]:
    """The run in parts within which nothing changes, with the phases of the jobs under way."""
    changes: dict[float, list[tuple[Phase, int]]] = defaultdict(list)
    for each in (segment for job in jobs for segment in job):
        left, right = max(start, each.start), min(end, each.end)
        if left < right:
            changes[left].append((each.phase, 1))
            changes[right].append((each.phase, -1))
    for time in (start, read_until, end):
        changes[time] = changes.get(time, [])
    under_way: Counter[Phase] = Counter()
    for left, right in pairwise(sorted(changes)):
        for phase, step in changes[left]:
            under_way[phase] += step
        yield left, right, _that_count(under_way)


def _that_count(under_way: Mapping[Phase, int]) -> Counter[Phase]:
    """The phases that the time belongs to: those that wait only if nothing else is under way.

    A job that waits for its turn while nothing is under way waits for this program.
    """
    present = Counter({phase: number for phase, number in under_way.items() if number > 0})
    active = Counter({phase: present[phase] for phase in present.keys() - WAITING})
    return active or Counter({phase: present[phase] for phase in present.keys() - {Phase.TURN}})
