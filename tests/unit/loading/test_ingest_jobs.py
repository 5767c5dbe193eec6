"""Whatever response is lost, a job is created, closed or given up, and none is wasted."""

from __future__ import annotations

import pytest
from loading_world import NAMES, World
from org_in_memory import lost, refused

from target_salesforce_bulk.errors import ApiUsageError, JobError
from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.salesforce.job import JobState


def refuse() -> None:
    """Salesforce does not close the job."""
    raise refused("INVALIDJOB")


def test_the_journal_says_closing_before_the_request_goes_out(world: World) -> None:
    """If the run dies at that moment, the job does not count as never closed."""
    batch, seen = world.uploaded(), []
    world.org.before["close"] = [lambda: seen.append(world.state(batch))]
    world.jobs.close(batch)

    assert (seen, world.state(batch)) == ([BatchState.CLOSING], BatchState.SUBMITTED)


def test_no_job_starts_once_too_many_requests_are_used(world: World) -> None:
    """Nothing is asked, and the batch stays as it is: the next run decides about it."""
    batch = world.sealed()
    world.usage_problem = "too many"
    with pytest.raises(ApiUsageError, match="too many"):
        world.load(batch)

    assert (world.org.asked, world.state(batch)) == ([], BatchState.SEALED)


def test_a_job_is_not_replaced_once_too_many_requests_are_used(world: World) -> None:
    """One whose upload failed is given up; its rows come again."""
    batch = world.sealed()

    def use_up() -> None:
        world.usage_problem = "too many"
        raise refused("INVALIDJOB")

    world.org.before["upload"] = [use_up]
    with pytest.raises(ApiUsageError):
        world.load(batch)

    assert [job.state for job in world.org.jobs.values()] == [JobState.ABORTED]
    assert world.state(batch) is BatchState.SEALED


def test_creates_whose_answers_are_lost_come_to_an_end(world: World) -> None:
    """A number of attempts with waits, then one line; the jobs are left alone."""
    world.org.always["create"] = lost("create")
    batch = world.sealed()
    with pytest.raises(JobError, match="no job could be created for it in 4 attempts"):
        world.load(batch)

    assert world.org.asked == ["create"] * 4
    assert len(world.clock.waits) == 3
    assert all(0 <= wait <= 0.5 * 2**n for n, wait in enumerate(world.clock.waits))
    assert world.state(batch) is BatchState.SEALED


def test_attempts_are_bounded_in_time_too(world: World) -> None:
    """Responses that are lost slowly are not awaited again and again."""

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
    """The job is queried, and closed again if it is still open."""
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
