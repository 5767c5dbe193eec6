"""Each row of a batch is loaded once, or known not to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from org_in_memory import lost, not_found

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.loading.events import Step

if TYPE_CHECKING:
    from loading_world import World


def test_a_job_that_is_gone_before_its_close_is_answered(world: World) -> None:
    """Its rows are uncertain, and not sent again."""

    def vanish() -> None:
        world.org.jobs.clear()
        lost("close")()

    world.org.after["close"] = [vanish]
    counts = world.load(world.sealed())

    assert (counts, world.org.asked.count("create")) == (Counts(uncertain=3), 1)


def test_results_that_are_gone(world: World) -> None:
    """Not every later run requests them: the rows are uncertain."""
    world.org.always["download"] = not_found
    batch = world.sealed()

    assert world.load(batch) == Counts(uncertain=3)
    assert world.state(batch) is BatchState.SETTLED


def test_each_step_is_published(world: World) -> None:
    """In order, with the batch as it was then, and the job at its end."""
    batch = world.sealed()
    world.load(batch)
    found = [(each.step, each.batch.job_id, each.job is not None) for each in world.steps]
    (job_id,) = world.org.jobs

    assert found == [
        (Step.CREATE, job_id, False),
        (Step.UPLOAD, job_id, False),
        (Step.AWAIT_TURN, job_id, False),
        (Step.CLOSE, job_id, False),
        (Step.AWAIT_END, job_id, True),
        (Step.DOWNLOAD, job_id, False),
        (Step.STORE, job_id, False),
    ]


def test_plans_of_queued_batches_are_shared(world: World) -> None:
    """Thousands of batches of a stream have one plan in memory."""
    first, second = world.sealed(), world.sealed()

    assert first.plan is second.plan
