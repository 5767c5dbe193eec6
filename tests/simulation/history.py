"""Plays a plan: run after run, until everything is settled, and then one more ordinary run."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

from simulation import model
from simulation.elsewhere import Elsewhere
from simulation.evidence import Evidence, RunFacts, StoredRow
from simulation.org import Fault, Org
from simulation.pipes import Signal
from simulation.plan import Command, Plan, Run
from simulation.scheduler import Clock
from simulation.system import System, empty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from simulation.jobs import Job, Outcome
    from simulation.org import Request
    from simulation.pipes import Ended
    from simulation.scheduler import Process
    from simulation.source import Row
    from simulation.trace import Trace

#: States of jobs of which nothing may have been processed.
_UNSENT = {"Open", "Aborted"}
_NUMBER = re.compile(r"\w(\d+)\.")


def numbers_of(cells: dict[str, Any]) -> set[int]:
    """The numbers of the source's rows that cells belong to."""
    texts = (cells.get(name) for name in ("A__c", "B__c", "C__c"))
    return {int(match[1]) for text in texts if text and (match := _NUMBER.match(text))}


class History:
    """One history.

    Args:
        plan: What happens in it.
        folder: The state directory.
        trace: Told of what happens.
    """

    def __init__(self, plan: Plan, folder: Path, trace: Trace | None = None) -> None:
        rng = random.Random(plan.seed)
        self.clock = Clock(rng, limit=30 * 86_400)
        self.org = Org(rng, self.clock)
        self.system = System(self.org, self.clock, rng, empty(folder))
        self._elsewhere = Elsewhere(plan, folder, self.system.journals)
        self._trace = trace
        if trace is not None:
            trace.history = self
            self.system.on_step = trace.step
        self.system.on_line = self._line_written
        self.evidence = Evidence(plan.tap)
        #: What the rules forbid and this history did.
        self.problems: list[str] = []
        self._plan = plan
        self._kept: dict[str, Any] | None = None
        self._tries: dict[int, int] = {}
        self._faults: dict[int, Fault] = {}
        self._not_found = False
        self._first_request = 0
        self._usage_limit_at: int | None = None
        self._used_up_at: int | None = None
        self._position = 0
        self._fates = {fate.number: fate.errors for fate in plan.fates}
        self._job_fates = {fate.number: fate for fate in plan.jobs}
        self.org.faults = self._fault
        self.org.usage = self._usage
        self.org.fate = self._fate
        self.org.on_create = self._job_made
        self.org.on_close = self._job_closed
        self.org.job_fate = self._job_fate

    # -- what happens -------------------------------------------------------------------------

    def play(self) -> list[str]:
        """Play it to the end; returns the violations of the rules."""
        for step in self._plan.steps:
            if isinstance(step, Run):
                self._run(step)
            else:
                self._command(step)
            if self.problems:
                return self.problems
        return self._settle()

    def _settle(self) -> list[str]:
        self._fates, self._job_fates = {}, {}
        for judge in (lambda: self._run(Run()), self._judge, self._retry_all, self._judge_settled):
            judge()
            if self.problems:
                return self.problems
        made = len(self.org.jobs) + len(self.org.gone)
        self._run(Run())
        if not self.problems:
            self._collect()
            idle = len(self.org.jobs) + len(self.org.gone) - made
            self.problems += model.judge_last(self.evidence, idle)
        return self.problems

    def _retry_all(self) -> None:
        # The second time for rows whose parents were stored, too.
        for _ in range(2):
            if self.evidence.stored:
                self._note("failed retry")
                self._check(self.system.retry_failed(self._settings(())))
                self._collect()

    def _judge(self) -> None:
        self._collect()
        self.problems += model.judge(self.evidence)

    def _judge_settled(self) -> None:
        self._collect()
        self.problems += model.judge(self.evidence) + model.judge_settled(self.evidence)

    def _run(self, run: Run) -> None:
        for row in run.rows:
            self.evidence.rows[row.number] = row
        settings = self._settings(run.settings)
        if (
            elsewhere := self._elsewhere.run(self.evidence.rows.values(), run, settings)
        ) is not None:
            self._note("the machine has loaded into another org", {"code": elsewhere.code})
            self._check(elsewhere)
        self._begin(run.faults)
        self._usage_limit_at, self._used_up_at = run.usage_limit_at, run.used_up_at
        made = {*self.org.jobs, *self.org.gone}
        self._note("a run begins with STATE", self._kept or {})
        facts = RunFacts(numbered=_numbered(self._kept))
        self.evidence.runs.append(facts)
        ended = self.system.run(
            self._input(run),
            settings,
            crash_at=run.crash_at,
            crash_when=None if run.crash_at_line is None else _at_line(*run.crash_at_line),
        )
        self._check_deletes(made, dict(run.settings).get("max_deletes"))
        facts.killed, facts.code = ended.code in {None, 143}, ended.code
        self._note("the run ends", {"killed": facts.killed, "code": facts.code})
        lines = list(ended.lines)
        if ended.code is None and run.lost_lines and lines:
            facts.lost = True
            lines = lines[: -run.lost_lines]
        if lines:
            self._kept = json.loads(lines[-1])
        self._check(ended)

    def _input(self, run: Run) -> Iterator[Any]:
        rows = list(self.evidence.rows.values())
        number, last, states = len(self.evidence.runs) - 1, "", 0
        for position, (message, row) in enumerate(
            self._plan.tap.messages(self._kept, rows, run.changed)
        ):
            if run.cut is not None and position >= run.cut:
                self.evidence.runs[-1].cut = True
                self.evidence.runs[-1].cut_before_state = not states
                # To a stream without a position, a run without STATE looks complete as well.
                self.evidence.runs[-1].cut_at_state = last == "STATE" or not states
                return
            if position == run.signal:
                yield Signal()
            last = message["type"]
            states += last == "STATE"
            if row is not None:
                self.evidence.places.setdefault(row.number, []).append((number, position))
            self._note("reads", message)
            yield message
        self.evidence.runs[-1].read_to_the_end = last == "STATE" or not states

    def _command(self, command: Command) -> None:
        self._begin(command.faults)
        act = self.system.retry_failed if command.name == "retry" else self.system.resume_jobs
        self._note(command.name)
        ended = act(self._settings(()), crash_at=command.crash_at)
        self._note("the command ends", {"code": ended.code})
        self._check(ended)

    def _begin(self, faults: tuple[tuple[int, Fault], ...]) -> None:
        self._first_request = len(self.org.requests)
        self._faults = dict(faults)
        self._not_found = False
        self._usage_limit_at = self._used_up_at = None

    def _check_deletes(self, made: set[str], most: int | None) -> None:
        """No stream may have deleted more in a run than it was allowed; a retry counts once."""
        jobs = {**self.org.gone, **self.org.jobs}
        rows = {
            (job.object, job.header[0], *outcome.row.values())
            for job_id, job in jobs.items()
            if job_id not in made and job.operation == "delete" and job.state not in _UNSENT
            for outcome in job.outcomes
        }
        keyed = [stream for stream in self._plan.tap.streams if stream.key is not None]
        streams = len({stream.name for stream in keyed})
        if most is not None and len(rows) > most * streams:
            self.problems.append(f"{len(rows)} records were to be deleted, {most} were allowed")

    def _note(self, what: str, facts: Any = "") -> None:
        if self._trace is not None:
            self._trace.note(what, facts)

    def _check(self, ended: Ended) -> None:
        if ended.failure is not None:
            self.problems.append(f"{type(ended.failure).__name__}: {ended.failure}")

    def _settings(self, more: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
        streams = {}
        maps = {}
        for stream in self._plan.tap.streams:
            options = {"object": stream.sobject, "operation": stream.operation}
            if stream.operation != "insert":
                options |= {"external_id_field": stream.key, "deletes": "delete"}
            if "Parent" in stream.columns:
                options["field_mapping"] = {"Parent": "Parent__r.Key__c"}
            streams[stream.target] = options
            if stream.alias:
                maps[stream.name] = {"__alias__": stream.alias}
        found = {"streams": streams} | ({"stream_maps": maps} if maps else {})
        return found | dict(self._plan.settings) | dict(more)

    # -- what the org does ----------------------------------------------------------------------

    def _usage(self) -> tuple[int, int]:
        number = len(self.org.requests) - self._first_request
        passed = self._usage_limit_at is not None and number >= self._usage_limit_at
        return (95 if passed else 5), 100

    def _fault(self, request: Request) -> Fault | None:
        number = request.number - self._first_request
        if self._used_up_at is not None and number >= self._used_up_at:
            return Fault("used up")
        fault = self._faults.pop(number, None)
        if fault is not None and fault.kind == "not found":
            # A job that is not found twice is taken for gone (rule 5.3).
            self.evidence.doubtful |= self._not_found
            self._not_found = True
        return fault

    def _fate(self, job: Job, outcome: Outcome) -> str:
        for number in sorted(numbers_of(outcome.row)):
            tried = self._tries[number] = self._tries.get(number, 0) + 1
            errors = self._fates.get(number, ())
            if tried <= len(errors):
                return errors[tried - 1]
        return ""

    def _job_made(self, job: Job) -> None:
        fate = self._job_fates.get(len(self.org.jobs) + len(self.org.gone))
        if fate is not None and fate.lies:
            job.lies = frozenset(fate.lies)
            self.evidence.doubtful = True

    def _job_closed(self, job: Job) -> None:
        fate = self._job_fates.get([*self.org.gone, *self.org.jobs].index(job.id) + 1)
        if fate is not None and fate.act:
            self.evidence.doubtful = True
            self.org.at(fate.after, lambda: self._act(job, fate.act))

    def _act(self, job: Job, act: str) -> None:
        if job.id not in self.org.jobs:
            return
        self._note(f"somebody does {act} with job", job.id)
        if act == "abort" and job.state in {"Open", "UploadComplete", "InProgress"}:
            self.org.abort(job.id)
        elif act == "remove" and job.state in {"JobComplete", "Failed", "Aborted"}:
            self.org.remove(job.id)

    def _job_fate(self, job: Job) -> tuple[str, int] | None:
        fate = self._job_fates.get([*self.org.gone, *self.org.jobs].index(job.id) + 1)
        return fate.fails if fate is not None else None

    # -- what is seen ---------------------------------------------------------------------------

    def _line_written(self, line: str) -> None:
        """A STATE must not be ahead of what was done."""
        self._note("STATE is out:", line)
        state = json.loads(line)
        self.org.catch_up()
        rows = list(self.evidence.rows.values())
        done = self._done()
        for stream in self._plan.tap.streams:
            pending = {row.number for row in self._plan.tap.pending(state, stream, rows)}
            for row in rows:
                if row.stream == stream.name and row.number not in pending | done:
                    self.problems.append(
                        f"STATE is ahead: row {row.number} has no outcome, and does not come again"
                    )
                    return

    def _done(self) -> set[int]:
        """Rows that were tried, that newer ones replace, or that need not be tried."""
        rows = self.evidence.rows.values()
        found = {row.number for row in rows if row.refused or row.deleted}
        for job in [*self.org.jobs.values(), *self.org.gone.values()]:
            ended = job.state in {"Aborted", "Failed"} or bool(job.lies)
            for outcome in job.outcomes:
                if outcome.done or ended:
                    found |= numbers_of(outcome.row)
        found |= {row.number for row in rows if row.number not in self.evidence.places}
        # Of equal rows, the first one's number names all.
        found |= {row.number for row in rows if row.key is None and numbers_of(row.cells) <= found}
        tried = {self._identity(row) for row in rows if row.number in found and row.key}
        return found | {row.number for row in rows if row.key and self._identity(row) in tried}

    def _identity(self, row: Row) -> tuple[str, str]:
        stream = next(each for each in self._plan.tap.streams if each.name == row.stream)
        return f"{stream.sobject}.{stream.key}", (row.key or "").lower()

    def _collect(self) -> None:
        self.org.catch_up(to_the_end=True)
        parents = {r.id: (r.cells.get("Key__c") or "").lower() for r in self._records("Parent__c")}
        self.evidence.records = {
            name: [
                record.cells | {"Parent": parents.get(record.cells.get("Parent__c"))}
                for record in self._records(name)
            ]
            for name in ("Thing__c", "Parent__c")
        }
        self.evidence.stored = [
            StoredRow(each.stream, each.operation, each.code, each.kind == "uncertain", each.row)
            for each in self.system.failed_rows()
        ]

    def _records(self, name: str) -> list[Any]:
        return list(self.org.tables.table(name).records.values())


def _at_line(line: int, steps: int) -> Callable[[Process, str], bool]:
    """Whether a process is at a STATE line, a number of steps after it began to write."""
    left = [line, steps]

    def is_there(_: Process, what: str) -> bool:
        if left[0]:
            left[0] -= what == "writes to stdout"
        else:
            left[1] -= 1
        return not left[0] and left[1] <= 0

    return is_there


def _numbered(state: dict[str, Any] | None) -> bool:
    return "target-salesforce-bulk" in ((state or {}).get("bookmarks") or {})
