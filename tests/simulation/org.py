"""The org in memory: answers requests, processes jobs in virtual time, and has faults.

A request takes a moment, and may go wrong in each of the ways in which a network and a busy server
go wrong. What goes wrong is decided by `Org.faults`; what becomes of rows and jobs, by `Org.fate`
and `Org.job_fate`. All three may be drawn from a seed or written down by a test.
"""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from simulation import world
from simulation.jobs import ENDED, Job, Outcome, process
from simulation.records import OBJECTS, Tables, comparable
from simulation.scheduler import BoundError

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from simulation.scheduler import Clock

_IN = re.compile(r"SELECT (.+) FROM (\w+) WHERE (\w+) (?:IN \((.*)\)|!= null)", re.DOTALL)
_LITERAL = re.compile(r"'((?:[^'\\]|\\.)*)'|([^',\s]+)")


class OrgError(Exception):
    """No answer, or a refusal; `kind` says which: lost, unreachable, or refused."""

    def __init__(self, kind: str, status: int = 0, code: str = "", message: str = "") -> None:
        super().__init__(f"{kind} {status} {code} {message}".strip())
        self.kind, self.status, self.code, self.message = kind, status, code, message


@dataclass(frozen=True)
class Request:
    """One request, as faults see it."""

    number: int
    name: str
    job: str = ""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request.

    kind: `lost before` and `lost after` it took effect; `late`, lost and taking effect after a
    while; `unavailable`; `unreachable`; `refused`; `used up`, refused for the rest of the day;
    `not found`, although it is there.
    """

    kind: str
    seconds: float = 0.0


_PASSING = frozenset({"lost before", "lost after", "late", "unavailable"})
_ATTEMPTS = 6


class Org:
    """One org.

    Args:
        rng: What nobody decided is drawn from it.
        clock: Virtual time.
        max_requests: More are taken for an endless loop.
        org_id: Its id.
    """

    def __init__(
        self,
        rng: random.Random,
        clock: Clock,
        *,
        max_requests: int = 1000,
        org_id: str = "00D000000000001EAA",
    ) -> None:
        self.id = org_id
        self.tables = Tables()
        self.jobs: dict[str, Job] = {}
        #: Jobs that were deleted or purged.
        self.gone: dict[str, Job] = {}
        self.requests: list[Request] = []
        self.faults: Callable[[Request], Fault | None] = lambda _: None
        #: The error of a row, or "" where only the records decide.
        self.fate: Callable[[Job, Outcome], str] = lambda _job, _row: ""
        #: Why a job fails as a whole, and after how many rows; None where it does not.
        self.job_fate: Callable[[Job], tuple[str, int] | None] = lambda _: None
        #: Told of each job when it is made; may set its lies and its chunks.
        self.on_create: Callable[[Job], None] = lambda _: None
        #: Told of each job when it is closed.
        self.on_close: Callable[[Job], None] = lambda _: None
        #: Requests used and allowed, as answers tell; None where they do not.
        self.usage: Callable[[], tuple[int, int] | None] = lambda: None
        self.latency: Callable[[], float] = lambda: 0.01
        #: Seconds until a closed job begins, and for each chunk of it.
        self.queue_seconds: Callable[[], float] = lambda: 0.5
        self.chunk_seconds: Callable[[], float] = lambda: 0.5
        self._rng = rng
        self._clock = clock
        self._max_requests = max_requests
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count(1)
        #: When what happens now happens: an event may be looked at later than it was due.
        self._now = 0.0

    # -- time ---------------------------------------------------------------------------------

    def at(self, seconds: float, event: Callable[[], None]) -> None:
        """Schedule something a number of seconds from now."""
        heapq.heappush(self._events, (self._now + seconds, next(self._numbers), event))

    def catch_up(self, *, to_the_end: bool = False) -> None:
        """Do what is due by now, or everything that is scheduled."""
        while self._events and (to_the_end or self._events[0][0] <= self._clock.now):
            self._now, _, event = heapq.heappop(self._events)
            event()

    # -- requests -----------------------------------------------------------------------------

    def call(self, name: str, effect: Callable[[], Any], *, again: bool, job: str = "") -> Any:
        """Answer a request.

        Args:
            name: What is asked for.
            effect: Does it.
            again: Whether the client repeats it by itself when it goes wrong for a moment.
            job: The job that it is about.

        Raises:
            OrgError: there is no answer, or a refusal.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            fault = self._begin(name, job)
            if fault is None:
                return self._answer(name, effect)
            if not (again and fault.kind in _PASSING):
                return self._go_wrong(name, fault, effect)
            if fault.kind != "unavailable":
                self._take_effect(fault, effect)
            world.process().sleep(0.5 * 2**attempt)
        raise OrgError("unreachable")

    def _begin(self, name: str, job: str) -> Fault | None:
        if len(self.requests) >= self._max_requests:
            error = BoundError(f"More than {self._max_requests} requests.")
            world.process().fail(error)
        request = Request(len(self.requests) + 1, name, job)
        self.requests.append(request)
        world.step(f"asks: {name} {job}".rstrip())
        world.process().sleep(self.latency())
        self.catch_up()
        self._now = self._clock.now
        return self.faults(request)

    def _answer(self, name: str, effect: Callable[[], Any]) -> Any:
        answer = effect()
        world.step(f"is answered: {name}")
        return answer

    def _go_wrong(self, name: str, fault: Fault, effect: Callable[[], Any]) -> Any:
        if fault.kind == "unreachable":
            raise OrgError("unreachable")
        if fault.kind == "not found":
            raise OrgError("refused", 404, "NOTFOUND", "The requested resource does not exist")
        if fault.kind == "used up":
            raise OrgError("refused", 403, "REQUESTLIMITEXCEEDED", "TotalRequests Limit exceeded.")
        if fault.kind == "refused":
            raise OrgError("refused", 400, "INVALIDJOB", "made up")
        if fault.kind == "unavailable":
            raise OrgError("lost")  # a 503 leaves open whether it took effect
        self._take_effect(fault, effect)
        world.step(f"loses the answer: {name}")
        raise OrgError("lost")

    def _take_effect(self, fault: Fault, effect: Callable[[], Any]) -> None:
        def quietly() -> None:
            try:
                effect()
            except OrgError:
                return

        if fault.kind == "late":
            self.at(fault.seconds, quietly)
        elif fault.kind == "lost after":
            quietly()

    # -- jobs ---------------------------------------------------------------------------------

    def describe(self, name: str) -> dict[str, Any]:
        """An object's describe document."""
        if name.lower() not in OBJECTS:
            raise OrgError("refused", 404, "NOTFOUND", "The requested resource does not exist")
        return OBJECTS[name.lower()]

    def create(self, sobject: str, operation: str, key: str | None) -> dict[str, Any]:
        """Make an open job."""
        number = f"750{next(self._numbers):012d}AAA"
        job = self.jobs[number] = Job(number, sobject, operation, key, self._now)
        job.modified_at = self._now
        self.on_create(job)
        return job.answer()

    def upload(self, job_id: str, body: bytes) -> None:
        """Take a job's rows."""
        job = self.job(job_id)
        if job.state != "Open":
            raise OrgError("refused", 400, "INVALIDJOBSTATE", f"Job is {job.state}")
        job.take(body)

    def close(self, job_id: str) -> dict[str, Any]:
        """Begin to process a job."""
        job = self.job(job_id)
        if job.state != "Open":
            raise OrgError("refused", 400, "INVALIDJOBSTATE", f"Closing already {job.state} Job")
        if job.uploads > 1:
            raise OrgError("refused", 400, "INVALIDJOB", "Found multiple contents for job")
        job.state, job.modified_at = "UploadComplete", self._now
        self.on_close(job)
        self.at(self.queue_seconds(), lambda: self._work_on(job))
        return job.answer()

    def abort(self, job_id: str) -> dict[str, Any]:
        """Stop a job; rows already processed stay loaded."""
        job = self.job(job_id)
        if job.state in ENDED:
            raise OrgError("refused", 400, "INVALIDJOBSTATE", f"Aborting already {job.state} Job")
        job.state, job.modified_at = "Aborted", self._now
        return job.answer()

    def remove(self, job_id: str) -> None:
        """Delete or purge a job; its rows stay."""
        self.gone[job_id] = self.jobs.pop(job_id)

    def job(self, job_id: str) -> Job:
        """A job that is there."""
        if job_id not in self.jobs:
            raise OrgError("refused", 404, "NOTFOUND", "The requested resource does not exist")
        return self.jobs[job_id]

    def results(self, job_id: str, kind: str) -> bytes:
        """A result file of a job."""
        return self.job(job_id).results(kind, self.tables, self._rng)

    def _work_on(self, job: Job) -> None:
        if job.state not in {"UploadComplete", "InProgress"}:
            return
        job.state, job.modified_at = "InProgress", self._now
        failure = self.job_fate(job)
        limit = len(job.outcomes) if failure is None else failure[1]
        left = max(limit - sum(each.done for each in job.outcomes), 0)
        chunk = job.pending[: min(job.chunk_rows, left)]
        for each in chunk:
            each.error = self.fate(job, each) or _twice(job, each, self.tables)
        process(job, chunk, self.tables, self._now)
        if chunk:
            self.at(self.chunk_seconds(), lambda: self._work_on(job))
        elif failure is None:
            job.state = "JobComplete"
        else:
            job.state, job.error_message = "Failed", failure[0]

    # -- queries ------------------------------------------------------------------------------

    def query(self, soql: str) -> list[dict[str, Any]]:
        """The records that a query by keys finds, with the fields that it names."""
        match = _IN.fullmatch(soql.strip())
        if match is None:
            raise AssertionError(f"The org does not understand: {soql}")
        names, sobject, name, listed = match.groups()
        table = self.tables.table(sobject)
        found = table.records.values()
        if listed is not None:
            keys = [_unescaped(text or bare) for text, bare in _LITERAL.findall(listed)]
            by_id = {r.id: r for key in keys for r in table.find(name, key)}
            found = by_id.values()  # type: ignore[assignment]
        wanted = [each.strip() for each in names.split(",")]
        rows = ({each: _shown(table, record, each) for each in wanted} for record in found)
        return [row for row in rows if row[name] is not None]


def _twice(job: Job, outcome: Outcome, tables: Tables) -> str:
    """Two rows of one key in one job fail each other."""
    if job.operation != "upsert":
        return ""
    key = next(name for name in job.header if name.lower() == (job.key or "").lower())
    field = tables.table(job.object).fields[key.lower()]
    mine = comparable(field, outcome.row[key])
    same = [each for each in job.outcomes if comparable(field, each.row[key]) == mine]
    return "DUPLICATE_VALUE:Duplicate external id specified:--" if len(same) > 1 else ""


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _shown(table: Any, record: Any, name: str) -> Any:
    if name == "Id":
        return record.id
    if name == "LastModifiedDate":
        return Job("", "", "", None, 0.0, modified_at=record.modified_at).answer()["systemModstamp"]
    value = record.cells.get(table.fields[name.lower()]["name"])
    return value if value is None or isinstance(value, str) else str(value)
