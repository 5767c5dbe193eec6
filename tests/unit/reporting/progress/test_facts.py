"""What is known of a run while it runs."""

from __future__ import annotations

from typing import Any

import pytest
from sample_batches import make_batch

from target_salesforce_bulk.errors import JobError
from target_salesforce_bulk.journal.batch import Batch, Counts
from target_salesforce_bulk.loading.events import (
    BatchSettled,
    Events,
    JobCreated,
    JobGivenUp,
    JobPolled,
    StreamStopped,
)
from target_salesforce_bulk.loading.tally import Tally
from target_salesforce_bulk.reporting.progress.facts import Facts
from target_salesforce_bulk.salesforce.job import JobInfo, JobState, Operation
from target_salesforce_bulk.salesforce.limits import ApiUsage
from target_salesforce_bulk.salesforce.meter import Traffic

JOB_ID = "7505g0000000001AAA"


class World:
    """The facts of a run whose clock the test sets."""

    def __init__(self) -> None:
        self.now = 100.0
        self.tally = Tally(lambda: self.now)
        self.usage: ApiUsage | None = None
        self.facts = Facts(
            tally=self.tally,
            traffic=lambda: Traffic(requests=7),
            usage=lambda: self.usage,
            clock=lambda: self.now,
        )
        self.events = Events()
        self.events.subscribe(self.tally.observe)
        self.events.subscribe(self.facts.observe)

    def settle(self, batch: Batch, **counts: int) -> None:
        self.events.publish(BatchSettled(batch=batch, counts=Counts(**counts)))

    def poll(self, batch: Batch, processed: int, state: JobState = JobState.IN_PROGRESS) -> None:
        job = JobInfo(
            id=JOB_ID,
            object="Contact",
            operation=Operation.UPSERT,
            state=state,
            records_processed=processed,
        )
        self.events.publish(JobPolled(batch=batch, job=job))


@pytest.fixture
def world() -> World:
    return World()


def sent(**changes: Any) -> Batch:
    return make_batch(**{"job_id": JOB_ID, "rows": 1000} | changes)


def test_a_job_from_its_creation_to_its_end(world: World) -> None:
    """Its rate counts from when it was first seen in progress; when it is settled it is gone."""
    batch, found = sent(), []
    world.events.publish(JobCreated(batch=batch))
    found.append(world.facts.picture().jobs)
    for seconds, processed in ((10, 0), (5, 500), (5, 5000)):
        world.now += seconds
        world.poll(batch, processed)
        found.append(world.facts.picture().jobs)
    world.settle(batch, loaded=990, failed=10)
    picture = world.facts.picture()

    assert [(job.state, job.processed, job.rate) for (job,) in found] == [
        ("Open", 0, 0.0),
        ("InProgress", 0, 0.0),
        ("InProgress", 500, 100.0),
        ("InProgress", 1000, 100.0),
    ]
    assert (picture.jobs, picture.batches_settled) == ((), 1)
    assert (picture.loaded, picture.failed) == (990, 10)


def test_jobs_that_are_not_loaded_any_more(world: World) -> None:
    """A job that is given up goes; so do those of a stream that stops, until one is polled."""
    batch = sent()
    world.events.publish(JobCreated(batch=batch))
    world.events.publish(JobGivenUp(batch=batch))
    given_up = world.facts.picture().jobs
    world.events.publish(JobCreated(batch=batch))
    stream = batch.plan.stream
    world.tally.stream_started(stream, "Contact")
    error = JobError("no", job_id=JOB_ID, permanent=True)
    world.events.publish(StreamStopped(stream=stream, error=error))
    stopped = world.facts.picture().jobs
    world.poll(batch, 1)

    assert (given_up, stopped) == ((), ())
    assert [job.processed for job in world.facts.picture().jobs] == [1]


def test_the_rate_of_reading(world: World) -> None:
    """It is that of the last ten seconds, and there is none after the end of the input."""
    stream = world.tally.stream_started("contacts", "Contact")
    rates = []
    for second in range(1, 31):
        world.now += 1
        stream.read += 10 if second <= 10 else 50
        rates.append(world.facts.picture().read_rate)
    world.facts.input_ended()

    assert (rates[0], rates[9], rates[29]) == (10.0, 10.0, 50.0)
    assert world.facts.picture().read_rate == 0.0


def test_the_time_left(world: World) -> None:
    """It is known after the end of the input, from the pace since then; jobs under way count."""
    batch, other = sent(), sent(id=2)
    stream = world.tally.stream_started(batch.plan.stream, "Contact")
    stream.read = 3000
    world.settle(batch, loaded=1000)
    unknown = world.facts.picture().seconds_left
    world.facts.input_ended()
    world.now += 10
    at_first = world.facts.picture().seconds_left
    world.poll(other, 500)

    assert (unknown, at_first, world.facts.picture().seconds_left) == (None, None, 30.0)


def test_the_cost(world: World) -> None:
    """API calls, and the share of the day once Salesforce has told it."""
    before = world.facts.picture()
    world.usage = ApiUsage(250, 1000)
    after = world.facts.picture()

    assert (before.api_calls, before.api_percent, after.api_percent) == (7, None, 25.0)
