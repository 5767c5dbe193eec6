"""Whatever is lost on the way: each row is loaded once, or known not to be."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, cast

import pytest
from org_in_memory import Clock, OrgInMemory, lost, not_found, refused, write_rows

from target_salesforce_bulk.errors import JobError, SalesforceBulkError, StateDirectoryError
from target_salesforce_bulk.journal.batch import Batch, BatchColumn, Counts, LoadPlan
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.lifecycle import BatchState, Event
from target_salesforce_bulk.loading.batch_loader import BatchLoader
from target_salesforce_bulk.loading.events import (
    BatchSettled,
    BatchTakenOver,
    Events,
)
from target_salesforce_bulk.loading.guards.deletes import DeleteGuard, DeleteLimits
from target_salesforce_bulk.loading.ingest_jobs import IngestJobs
from target_salesforce_bulk.loading.loader import Loader
from target_salesforce_bulk.loading.polling import PollPlan
from target_salesforce_bulk.loading.resume import Resume
from target_salesforce_bulk.loading.settling.child_batches import RowRetries
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.loading.tally import Tally
from target_salesforce_bulk.salesforce.client import Tally as CallTally
from target_salesforce_bulk.salesforce.job import JobState, Operation
from target_salesforce_bulk.salesforce.transport import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

NAMES = ["Ada", "Grace", "Mary"]
LOCKED = "UNABLE_TO_LOCK_ROW:busy:--"
NO_PARENT = (
    "INVALID_FIELD:Foreign key external ID: a not found for field Key__c in entity Account:--"
)


class Client:
    """Counts no calls."""

    def tally(self) -> AbstractContextManager[CallTally]:
        """Nothing."""
        return nullcontext(CallTally())


class World:
    """The parts that load, before an org in memory."""

    def __init__(self, folder: Path) -> None:
        self.org = OrgInMemory()
        self.clock = Clock()
        self.journal = SqliteJournal(folder / "state")
        self.journal.start_run("r1")
        self.happened: list[Any] = []
        self.tally = Tally()
        events = Events()
        events.subscribe(self.happened.append)
        events.subscribe(self.tally.observe)
        stopping = cast("Any", self.clock)
        self.jobs = IngestJobs(
            api=cast("Any", self.org),
            journal=self.journal,
            poll=PollPlan(timeout_seconds=600),
            policy=RetryPolicy(attempts=4, max_seconds=300),
            stopping=stopping,
            clock=self.clock,
        )
        self.batch_loader = BatchLoader(
            jobs=self.jobs,
            query=cast("Any", None),
            journal=self.journal,
            stopping=stopping,
            table=ErrorTable(()),
            retries=RowRetries(wait_seconds=0),
            events=events,
        )
        self.loader = Loader(
            client=cast("Any", Client()),
            batch_loader=self.batch_loader,
            retries=self.batch_loader.retries,
            workers=2,
            max_spool_bytes=1 << 30,
            events=events,
            deletes=DeleteGuard(
                limits=lambda _: DeleteLimits(max_deletes=None, max_delete_percent=100),
                count=lambda _: 0,
                hold_seconds=0,
            ),
            early_problem=lambda _: "",
            stopping=stopping,
        )

    def sealed(self, names: list[str] = NAMES, parents: tuple[str, ...] = ()) -> Batch:
        """A batch that is to be loaded."""
        plan = LoadPlan(
            stream="people",
            sobject="Contact",
            operation=Operation.INSERT,
            columns=(BatchColumn(header="LastName", type="string"),),
            parents=parents,
        )
        batch = self.journal.open_batch(plan)
        size = write_rows(batch.csv, ["LastName"], names)
        return self.journal.seal(batch.id, rows=len(names), size=size, merged=0)

    def uploaded(self) -> Batch:
        """A batch whose open job has its rows."""
        batch = self.jobs.create(self.sealed())
        self.jobs.upload(batch)
        return batch

    def closing(self) -> Batch:
        """A batch whose job may be closed, as a run leaves it that dies."""
        return self.journal.record(self.uploaded().id, Event.CLOSING)

    def load(self, batch: Batch) -> Counts:
        """Load a batch as a worker does."""
        return self.batch_loader.load(batch, lambda: True).counts

    def resume(self) -> None:
        """Bring to an end what a run left behind, as far as it is done before reading."""
        Resume(self.journal, self.jobs, self.loader).run()

    def state(self, batch: Batch) -> BatchState:
        """Where a batch stands."""
        found = [each for each in self.journal.batches(*BatchState) if each.id == batch.id]
        return found[0].state

    def failed(self) -> list[str]:
        """The codes of the stored rows."""
        return [row.code for row in self.journal.failures.select(Selection())]


def refuse() -> None:
    """Salesforce does not close the job."""
    raise refused("INVALIDJOB")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.loader.stop()
    world.journal.close()


def test_the_journal_says_closing_before_the_request_goes_out(world: World) -> None:
    """A run that dies at that moment leaves no job that it takes for one that was never closed."""
    batch, seen = world.uploaded(), []
    world.org.before["close"] = [lambda: seen.append(world.state(batch))]
    world.jobs.close(batch)

    assert (seen, world.state(batch)) == ([BatchState.CLOSING], BatchState.SUBMITTED)


def test_creates_whose_answers_are_lost_come_to_an_end(world: World) -> None:
    """So many attempts, with waits between them, then one line; the jobs are left alone."""
    world.org.always["create"] = lost("create")
    batch = world.sealed()
    with pytest.raises(JobError, match="no job could be made for it in 4 attempts"):
        world.load(batch)

    assert world.org.asked == ["create"] * 4
    assert len(world.clock.waits) == 3
    assert all(0 <= wait <= 0.5 * 2**n for n, wait in enumerate(world.clock.waits))
    assert world.state(batch) is BatchState.SEALED


def test_attempts_are_bounded_in_time_too(world: World) -> None:
    """An answer that takes long to be lost is not waited for again and again."""

    def lose_slowly() -> None:
        world.clock.now += 299
        lost("create")()

    world.org.always["create"] = lose_slowly
    with pytest.raises(JobError, match="attempts"):
        world.load(world.sealed())

    assert len(world.org.asked) <= 2


def test_a_job_whose_id_was_lost_is_left_alone(world: World) -> None:
    """Another one is made; only jobs of this journal are touched."""
    world.org.after["create"] = [lost("create")]
    counts = world.load(world.sealed())

    assert counts.loaded == 3
    assert world.org.states() == [JobState.OPEN, JobState.JOB_COMPLETE]
    assert "abort" not in world.org.asked


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_close_whose_answer_is_lost(world: World, when: str) -> None:
    """It is asked for, and closed again where the job is open still."""
    getattr(world.org, when)["close"] = [lost("close")]
    counts = world.load(world.sealed())

    assert (counts.loaded, world.org.records()) == (3, NAMES)
    assert world.org.states() == [JobState.JOB_COMPLETE]


def test_closes_that_never_arrive_come_to_an_end(world: World) -> None:
    """The job is neither given up nor forgotten: it may still be closed by one of them."""
    world.org.always["close"] = lost("close")
    batch = world.sealed()
    with pytest.raises(JobError, match="could not be closed in 4 attempts"):
        world.load(batch)

    assert world.org.asked.count("close") == 4
    assert world.state(batch) is BatchState.CLOSING


def test_a_close_that_is_refused_while_the_job_is_open(world: World) -> None:
    """The job is given up, and another one is made."""
    world.org.before["close"] = [refuse]
    counts = world.load(world.sealed())

    assert (counts.loaded, world.org.records()) == (3, NAMES)
    assert world.org.states() == [JobState.ABORTED, JobState.JOB_COMPLETE]


@pytest.mark.parametrize("moment", ["get", "close", "abort"])
def test_a_close_that_takes_effect_late(world: World, moment: str) -> None:
    """Between whatever questions it does, the rows are settled, and not sent anew."""
    batch = world.closing()
    job = world.org.jobs[str(batch.job_id)]
    world.org.before[moment] = [lambda: world.org.process(job)]
    world.resume()

    assert (world.state(batch), world.org.records()) == (BatchState.SETTLED, NAMES)


def test_a_job_that_was_not_closed_yet_is_closed(world: World) -> None:
    """It holds all rows of its batch."""
    batch = world.closing()
    world.resume()

    assert (world.state(batch), world.org.records()) == (BatchState.SETTLED, NAMES)
    assert "abort" not in world.org.asked


def test_a_refused_close_that_took_effect_before_the_abort(world: World) -> None:
    """The abort is not believed: the job is awaited and settled."""
    batch = world.sealed()

    def process() -> None:
        world.org.process(world.org.jobs["750-1"])

    world.org.before = {"close": [refuse], "abort": [process]}
    counts = world.load(batch)

    assert (counts.loaded, world.org.records()) == (3, NAMES)
    assert len(world.org.jobs) == 1


@pytest.mark.parametrize("loaded", [0, 2])
def test_an_abort_that_stops_a_job_half_way(world: World, loaded: int) -> None:
    """Where rows were processed, the rest is stored; where none was, the batch gets a new job."""
    batch = world.sealed()

    def process_some() -> None:
        job = world.org.jobs["750-1"]
        job.loaded = job.rows[:loaded]

    world.org.before = {"close": [refuse], "abort": [process_some]}
    counts = world.load(batch)

    expected = Counts(loaded=2, unprocessed=1) if loaded else Counts(loaded=3, counted=3)
    assert (counts, world.org.records()) == (expected, NAMES[: expected.loaded])


def test_a_job_that_was_never_closed_is_given_up(world: World) -> None:
    """Its rows come again from the tap."""
    batch = world.uploaded()
    world.resume()

    assert (world.state(batch), world.org.states()) == (
        BatchState.ABANDONED,
        [JobState.ABORTED],
    )


def test_a_job_of_ours_that_somebody_closed(world: World) -> None:
    """An abort is believed only by its answer: the rows are settled, and not sent anew."""
    batch = world.uploaded()
    world.org.process(world.org.jobs[str(batch.job_id)])
    world.resume()

    assert (world.state(batch), world.org.records()) == (BatchState.SETTLED, NAMES)


@pytest.mark.parametrize(
    ("closed", "state", "codes"),
    [
        (True, BatchState.SETTLED, ["UNCERTAIN"] * 3),
        (False, BatchState.ABANDONED, []),
    ],
)
def test_a_job_that_is_gone(
    world: World, closed: bool, state: BatchState, codes: list[str]
) -> None:
    """What may have been closed is uncertain; what certainly was not comes again."""
    batch = world.closing() if closed else world.uploaded()
    world.org.jobs.clear()
    world.resume()

    assert (world.state(batch), world.failed()) == (state, codes)


def test_a_job_that_is_gone_before_its_close_is_answered(world: World) -> None:
    """Its rows are uncertain, and not sent anew."""

    def vanish() -> None:
        world.org.jobs.clear()
        lost("close")()

    world.org.after["close"] = [vanish]
    counts = world.load(world.sealed())

    assert (counts, world.org.asked.count("create")) == (Counts(uncertain=3), 1)


@pytest.mark.parametrize("request_name", ["get", "download"])
def test_one_answer_that_a_job_is_gone_is_not_believed(world: World, request_name: str) -> None:
    """It is asked again."""
    world.org.before[request_name] = [not_found]
    counts = world.load(world.sealed())

    assert counts.loaded == 3


def test_results_that_are_gone(world: World) -> None:
    """They are not asked for by every run for ever: the rows are uncertain."""
    world.org.always["download"] = not_found
    batch = world.sealed()

    assert world.load(batch) == Counts(uncertain=3)
    assert world.state(batch) is BatchState.SETTLED


def test_counts_that_go_up_and_down_are_no_progress(world: World) -> None:
    """Waiting ends after `job_timeout_seconds` without progress."""
    batch = world.uploaded()
    job = world.org.jobs[str(batch.job_id)]

    def flicker() -> None:
        job.state = JobState.IN_PROGRESS
        job.loaded = [] if job.loaded else job.rows[:1]

    world.org.always["get"] = flicker
    submitted = world.journal.record(batch.id, Event.SUBMITTED)
    with pytest.raises(JobError, match="without progress for 600 seconds"):
        world.batch_loader.finish(submitted)

    assert world.clock.now < 700


def test_what_resume_settles_is_told_and_counted(world: World) -> None:
    """Like any other batch, also where the stream is not loaded in this run."""
    world.org.errors = {"Mary": "REQUIRED_FIELD_MISSING:no:--"}
    batch = world.closing()
    world.resume()

    settled = [each for each in world.happened if isinstance(each, BatchSettled)]
    assert [(each.batch.id, each.counts) for each in settled] == [
        (batch.id, Counts(loaded=2, failed=1))
    ]
    assert [(each.stream, each.counts.not_loaded) for each in world.tally.streams] == [
        ("people", 1)
    ]


def test_rows_that_resume_finds_to_be_sent_again_go_to_the_queue(world: World) -> None:
    """Reading need not wait for them; everybody is told that they are under way."""
    world.org.errors = {"Mary": LOCKED}
    world.closing()
    world.resume()
    before = world.org.records()
    world.org.errors.clear()
    world.loader.start()
    world.loader.drain()

    assert before == ["Ada", "Grace"]
    assert world.org.records() == NAMES
    assert [type(each) for each in world.happened] == [BatchSettled, BatchTakenOver, BatchSettled]


def test_rows_that_were_to_be_sent_again_when_the_run_died(world: World) -> None:
    """Their batch is in the journal; the next run takes it over."""
    world.org.errors = {"Mary": LOCKED}
    world.load(world.sealed())
    world.org.errors.clear()
    world.resume()
    world.loader.start()
    world.loader.drain()

    assert world.org.records() == NAMES
    assert [type(each) for each in world.happened] == [BatchTakenOver, BatchSettled]


def test_rows_that_wait_for_parents_wait_for_those_of_the_next_run(world: World) -> None:
    """They go when everything else of that run has gone."""
    world.org.errors = {"Mary": NO_PARENT}
    world.batch_loader.load(world.sealed(parents=("Account",)), lambda: True, parents_coming=True)
    world.resume()
    world.loader.start()
    world.loader.submit(world.sealed(["Rosa"]))
    world.org.errors.clear()
    world.loader.drain()

    assert world.org.records() == ["Ada", "Grace", "Rosa", "Mary"]


def test_rows_whose_batch_is_settled_by_resume_wait_for_parents_too(world: World) -> None:
    """This run may load the parents."""
    world.org.errors = {"Mary": NO_PARENT}
    batch = world.jobs.create(world.sealed(parents=("Account",)))
    world.jobs.upload(batch)
    world.jobs.close(batch)
    world.resume()
    world.org.errors.clear()
    world.loader.start()
    world.loader.drain()

    assert (world.org.records(), world.failed()) == (NAMES, [])


@pytest.mark.parametrize(
    ("error", "told", "says"),
    [
        (ZeroDivisionError("x"), SalesforceBulkError, "by a fault of this program: ZeroDivision"),
        (OSError(28, "No space left on device"), StateDirectoryError, "Make room"),
    ],
)
def test_whatever_arises_in_a_worker_is_one_line(
    world: World, error: Exception, told: type[Exception], says: str
) -> None:
    """No foreign exception reaches the thread that reads."""

    def fail() -> None:
        raise error

    world.org.before["upload"] = [fail]
    world.loader.start()
    with pytest.raises(told, match=says):
        submit_and_drain(world)


def submit_and_drain(world: World) -> None:
    world.loader.submit(world.sealed())
    world.loader.drain()


def test_plans_of_queued_batches_are_shared(world: World) -> None:
    """Thousands of batches of a stream have one plan in memory."""
    first, second = world.sealed(), world.sealed()

    assert first.plan is second.plan
