"""What an earlier run left behind is settled, queued or written off before anything is read."""

from __future__ import annotations

import pytest
from loading_world import LOCKED, NAMES, NO_PARENT, World

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.loading.events import (
    BatchSettled,
    BatchTakenOver,
)
from target_salesforce_bulk.salesforce.job import JobState


@pytest.mark.parametrize("moment", ["get", "close", "abort"])
def test_a_close_that_takes_effect_late(world: World, moment: str) -> None:
    """At whatever moment it does, the rows are settled and not sent again."""
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


def test_a_job_that_was_never_closed_is_given_up(world: World) -> None:
    """Its rows come again from the tap."""
    batch = world.uploaded()
    world.resume()

    assert (world.state(batch), world.org.states()) == (
        BatchState.ABANDONED,
        [JobState.ABORTED],
    )


def test_a_job_of_ours_that_somebody_closed(world: World) -> None:
    """An abort is trusted only by its response: the rows are settled and not sent again."""
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
    """Reading need not wait for them; observers learn that they are under way."""
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


def test_rows_that_wait_for_parents_wait_for_those_of_the_next_run(world: World) -> None:
    """They are sent after everything else of that run."""
    world.org.errors = {"Mary": NO_PARENT}
    world.batch_loader.load(world.sealed(parents=("Account",)), lambda: True, parents_coming=True)
    world.resume()
    world.loader.start()
    world.loader.submit(world.sealed(["Rosa"]))
    world.org.errors.clear()
    world.loader.drain()

    assert world.org.records() == ["Ada", "Grace", "Rosa", "Mary"]
