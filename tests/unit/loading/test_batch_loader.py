"""Each row of a batch is loaded once, or known not to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from org_in_memory import lost, not_found

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.journal.lifecycle import BatchState

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


def test_plans_of_queued_batches_are_shared(world: World) -> None:
    """Thousands of batches of a stream have one plan in memory."""
    first, second = world.sealed(), world.sealed()

    assert first.plan is second.plan
