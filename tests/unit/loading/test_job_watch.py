"""A job is awaited while it makes progress, and a single odd response is not trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from org_in_memory import not_found

from target_salesforce_bulk.errors import JobError
from target_salesforce_bulk.journal.lifecycle import Event
from target_salesforce_bulk.salesforce.job import JobState

if TYPE_CHECKING:
    from loading_world import World


@pytest.mark.parametrize("request_name", ["get", "download"])
def test_one_answer_that_a_job_is_gone_is_not_believed(world: World, request_name: str) -> None:
    """The job is requested again."""
    world.org.before[request_name] = [not_found]
    counts = world.load(world.sealed())

    assert counts.loaded == 3


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
