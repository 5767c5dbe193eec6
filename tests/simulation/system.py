"""The one place where the simulation touches the program.

It runs the real target and the real commands on shims for threads, clock and disk, with the org in
memory behind what they call of the API.
"""

from __future__ import annotations

import io
import logging
import shutil
import sys
import typing
from contextlib import contextmanager, redirect_stderr
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from simulation import shims
from simulation.org import Org, OrgError
from simulation.pipes import Ended, Failed, Stdin, Stdout
from simulation.replacing import replaced
from simulation.scheduler import CrashError, Process
from simulation.world import World, process

from target_salesforce_bulk import errors, target
from target_salesforce_bulk.cli import app
from target_salesforce_bulk.errors import Terminated
from target_salesforce_bulk.failed import commands
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.reporting.retention import delete_old
from target_salesforce_bulk.run import Run
from target_salesforce_bulk.salesforce import ingest, query
from target_salesforce_bulk.salesforce.job import JobInfo
from target_salesforce_bulk.salesforce.limits import ApiUsage
from target_salesforce_bulk.salesforce.meter import Traffic
from target_salesforce_bulk.salesforce.sobject import SObject

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from simulation.scheduler import Clock

_CENTURY = 36_500
CONFIG = {
    "access_token": "made-up",
    "instance_url": "https://simulated.example.com",
    "max_failed_percent": 100,
    "row_retry_wait_seconds": 5,
    "poll_interval_seconds": 0.5,
    "poll_max_interval_seconds": 2,
}


class System:
    """A machine with a state directory, on which the program runs repeatedly.

    Args:
        org: The org that it loads into.
        clock: Virtual time.
        rng: Decides which thread goes next.
        folder: The state directory.
    """

    def __init__(self, org: Org, clock: Clock, rng: random.Random, folder: Path) -> None:
        self.org = org
        self.folder = folder
        #: Told of each STATE line when it has been written.
        self.on_line: Callable[[str], None] = lambda _: None
        self.on_step: Callable[[str, str], None] | None = None
        self.max_steps = 50_000
        self._clock = clock
        self._rng = rng
        #: By their paths; a system that shares the state directory shares them.
        self.journals: dict[str, Any] = {}

    def run(
        self,
        messages: Iterable[Any],
        config: dict[str, Any],
        *,
        crash_at: int | None = None,
        crash_when: Callable[[Process, str], bool] | None = None,
    ) -> Ended:
        """Run the target on the messages of a tap.

        Args:
            messages: Singer messages, numbers of seconds to wait, and `Signal` to be terminated.
            config: Settings beside `CONFIG`.
            crash_at: The step at which the process is killed.
            crash_when: Whether it is killed at a step, given its name.
        """
        reader = SimpleNamespace(buffer=Stdin(messages, lambda: Terminated(15)))
        return self._execute(
            lambda: app.load(self._config(config), reader),  # type: ignore[arg-type]
            crash_at,
            crash_when,
        )

    def retry_failed(
        self,
        config: dict[str, Any],
        *,
        kind: str | None = None,
        crash_at: int | None = None,
        crash_when: Callable[[Process, str], bool] | None = None,
    ) -> Ended:
        """Run `failed retry`."""
        chosen = Selection(failure_class=kind)
        settings, client = self._target(config).settings, _Client(self.org)

        def retry() -> None:
            commands.retry(settings, client, chosen, None, None)  # type: ignore[arg-type]

        return self._execute(retry, crash_at, crash_when)

    def resume_jobs(self, config: dict[str, Any], *, crash_at: int | None = None) -> Ended:
        """Run `jobs resume`."""

        def resume() -> None:
            client: Any = _Client(self.org)
            with Run.open(self._target(config).settings, client) as run:
                run.finish_left()

        return self._execute(resume, crash_at, None)

    def failed_rows(self) -> list[Failed]:
        """Run `failed export`."""
        found: list[dict[str, Any]] = []
        settings: Any = SimpleNamespace(state_dir=self.folder, login="", retryable_errors=None)
        self._execute(
            lambda: found.extend(commands.rows(settings, Selection(), self.org.id)), None, None
        )
        return [
            # Without the tap's name behind that of a stream that several of the tap's go to.
            Failed(
                r["stream"].partition(" (")[0],
                r["operation"],
                r["code"],
                str(r["failure_class"]),
                r["row"],
            )
            for r in found
        ]

    def _target(self, config: dict[str, Any]) -> target.TargetSalesforceBulk:
        return target.TargetSalesforceBulk(config=self._config(config))

    def _config(self, config: dict[str, Any]) -> dict[str, Any]:
        return CONFIG | config | {"state_dir": str(self.folder)}

    def _execute(
        self,
        program: Callable[[], Any],
        crash_at: int | None,
        crash_when: Callable[[Process, str], bool] | None,
    ) -> Ended:
        running = Process(
            self._rng,
            self._clock,
            max_steps=self.max_steps,
            crash_at=crash_at,
            on_step=self._watch(crash_when),
        )
        stdout, ended = Stdout(self.on_line), Ended(code=None)
        _Now.org, World.process, World.journals = self.org, running, self.journals
        sys.stdout, before = stdout, sys.stdout  # type: ignore[assignment]
        try:
            program()
            ended.code = 0
        except SystemExit as leaving:
            ended.code = leaving.code if isinstance(leaving.code, int) else 1
        except CrashError:
            pass
        except errors.SalesforceBulkError:
            ended.code = 1
        except Terminated as signal:
            ended.code = 128 + signal.signum
        except Exception as error:  # noqa: BLE001 - a traceback is a failure of the history
            ended.failure = error
        finally:
            sys.stdout = before
            running.reap()
            World.process = None
            World.close_files()
        ended.lines, ended.steps = stdout.lines, running.steps
        ended.failure = running.failure or ended.failure
        return ended

    def _watch(
        self, crash_when: Callable[[Process, str], bool] | None
    ) -> Callable[[str, str], None] | None:
        if crash_when is None:
            return self.on_step

        def watch(thread: str, what: str) -> None:
            if self.on_step is not None:
                self.on_step(thread, what)
            if crash_when(process(), what):
                process().kill()

        return watch


class _Now:
    """The org that clients are connected to."""

    org: Org


class _Client:
    """Stands for the connection to the org."""

    traffic = Traffic()
    instance_url = "https://simulated.example.com"

    def __init__(self, org: Org) -> None:
        self.org = org
        self.org_id = org.id

    @property
    def api_usage(self) -> ApiUsage | None:
        """What the newest answer said."""
        said = self.org.usage()
        return None if said is None else ApiUsage(*said)

    @contextmanager
    def tally(self) -> Iterator[SimpleNamespace]:
        """Count requests; the number is not used."""
        yield SimpleNamespace(calls=0)

    def find_api_usage(self) -> ApiUsage | None:
        """The same: some answer has told."""
        return self.api_usage

    def check_version(self) -> None:
        """The org has every version."""

    def describe(self, name: str) -> SObject:
        """An object."""
        return SObject.from_json(
            _asked(self.org, "describe", lambda: self.org.describe(name), again=True)
        )


class _Ingest:
    """Stands for `IngestApi`."""

    def __init__(self, client: _Client) -> None:
        self._org = client.org

    def create(
        self,
        sobject: str,
        operation: str,
        *,
        external_id_field: str | None = None,
        assignment_rule_id: str | None = None,
    ) -> JobInfo:
        """Make a job."""
        org = self._org
        return _job(org, "create", lambda: org.create(sobject, str(operation), external_id_field))

    def upload(self, job_id: str, path: Path, *, compressed: bool = False) -> None:
        """Send rows."""
        body = path.read_bytes()
        _asked(self._org, "upload", lambda: self._org.upload(job_id, body), job=job_id)

    def close(self, job_id: str) -> JobInfo:
        """Close a job."""
        return _job(self._org, "close", lambda: self._org.close(job_id), job=job_id)

    def abort(self, job_id: str) -> JobInfo:
        """Abort a job."""
        return _job(self._org, "abort", lambda: self._org.abort(job_id), job=job_id, again=True)

    def get(self, job_id: str) -> JobInfo:
        """Ask for a job."""
        org = self._org
        return _job(org, "get", lambda: org.job(job_id).answer(), job=job_id, again=True)

    def list_jobs(self) -> Iterator[JobInfo]:
        """All jobs."""
        org = self._org
        jobs = _asked(org, "list", lambda: [job.answer() for job in org.jobs.values()], again=True)
        return map(JobInfo.from_json, jobs)

    def user_id(self) -> str:
        """Whose jobs they are."""
        return str(_asked(self._org, "user", lambda: "005000000000001AAA", again=True))

    def download(self, job_id: str, kind: str, path: Path, *, most_bytes: int = 0) -> None:
        """Save a result file."""
        org, name = self._org, f"download {kind}"
        body = _asked(org, name, lambda: org.results(job_id, str(kind)), job=job_id, again=True)
        path.write_bytes(body)


class _Query:
    """Stands for `QueryApi`."""

    def __init__(self, client: _Client, leaving: Any = None) -> None:
        self._org = client.org

    def select(self, soql: str) -> Iterator[dict[str, Any]]:
        """Records by a query."""
        return iter(_asked(self._org, "query", lambda: self._org.query(soql), again=True))

    def count(self, sobject: str) -> int:
        """The number of records."""
        table = self._org.tables.table(sobject)
        return int(_asked(self._org, "count", lambda: len(table.records), again=True))

    def bulk(self, soql: str) -> Iterator[list[str]]:
        """Records by a query job."""
        return (list(record.values()) for record in self.select(soql))


def _job(
    org: Org, name: str, effect: Callable[[], Any], *, job: str = "", again: bool = False
) -> JobInfo:
    return JobInfo.from_json(_asked(org, name, effect, job=job, again=again))


def _asked(
    org: Org, name: str, effect: Callable[[], Any], *, job: str = "", again: bool = False
) -> Any:
    """Ask the org, with errors as the program's own client raises them."""
    try:
        return org.call(name, effect, again=again, job=job)
    except OrgError as error:
        raise _in_our_words(error) from None


_KINDS = {403: errors.LimitExceededError, 404: errors.NotFoundError}


def _in_our_words(error: OrgError) -> errors.SalesforceError:
    if error.kind == "lost":
        return errors.AnswerLostError("the answer was lost")
    if error.kind == "unreachable":
        return errors.UnreachableError("no answer")
    kind = _KINDS.get(error.status, errors.RequestError)
    return kind(str(error), status=error.status, code=error.code, detail=error.message)


@contextmanager
def simulated() -> Iterator[None]:
    """Let the program's modules run on shims, for one history after another."""
    pairs = [
        *shims.SHIMS,
        (ingest.IngestApi, _Ingest),
        (query.QueryApi, _Query),
        (target.connect, lambda _: _Client(_Now.org)),
        # So that whatever a later run needs of what it may delete is missed.
        (delete_old, lambda journal, _: delete_old(journal, -_CENTURY)),
        (app.read_target, lambda config: target.TargetSalesforceBulk(config=config)),
        # The same for every history, and slow.
        (typing.get_type_hints, lru_cache(typing.get_type_hints)),
    ]
    logging.disable(logging.CRITICAL)
    # Each history's settings are right, and to find that out takes longer than a small run; and the
    # signals are meant for the simulation, not for the program in it.
    for name in ("_validate_config", "_setup_signal_handlers"):
        setattr(target.TargetSalesforceBulk, name, lambda *_, **__: None)
    try:
        with replaced("target_salesforce_bulk", pairs), redirect_stderr(io.StringIO()):
            yield
    finally:
        for name in ("_validate_config", "_setup_signal_handlers"):
            delattr(target.TargetSalesforceBulk, name)
        logging.disable(logging.NOTSET)


def empty(folder: Path) -> Path:
    """A state directory that nobody has used."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder
