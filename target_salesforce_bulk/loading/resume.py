"""What an earlier run left behind is brought to an end before anything new is read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import JobError
from target_salesforce_bulk.journal.lifecycle import BatchState, Event

if TYPE_CHECKING:
    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.journal.port import Journal
    from target_salesforce_bulk.loading.batch_loader import BatchLoader

logger = logging.getLogger(__name__)


def resume(journal: Journal, runner: BatchLoader) -> None:
    """Settle or write off every unsettled batch of earlier runs.

    What had not been closed is written off: Salesforce processed nothing of it, and as no STATE
    covers its rows, the tap sends them again. What had been closed is asked for and settled;
    nothing of it is sent again. Rows that were to be sent again by themselves still are: the other
    rows of their batch are settled, so they would not be taken for new ones.
    """
    unsettled = [state for state in BatchState if state.is_unsettled]
    left = journal.batches(*unsettled)
    made = [batch for batch in left if batch.state is BatchState.SEALED]
    runner.jobs.abort_orphans(made)
    for batch in left:
        _bring_to_an_end(journal, runner, batch)


def _bring_to_an_end(journal: Journal, runner: BatchLoader, batch: Batch) -> None:
    try:
        if _was_closed(batch, runner):
            children = _finish(journal, runner, batch)
        elif batch.parent_id is None:
            journal.abandon(batch.id)
            return
        else:
            if batch.state is BatchState.CREATED:
                batch = journal.record(batch.id, Event.ABORTED)
            children = runner.load(batch, lambda: True).children
    except JobError as error:
        if not error.permanent:
            raise
        # Refused as a whole: nothing of it was processed, and its rows come again.
        logger.warning("%s Its rows come again from the tap.", error)
        return
    for child in children:
        runner.wait_before(child)
        _bring_to_an_end(journal, runner, child)


def _was_closed(batch: Batch, runner: BatchLoader) -> bool:
    """Whether the job of a batch had been closed when the run died."""
    if batch.state in {BatchState.FILLING, BatchState.SEALED}:
        return False
    # The run may have died between closing the job and writing that down.
    return batch.state is not BatchState.CREATED or not runner.jobs.give_up_open_job(batch)


def _finish(journal: Journal, runner: BatchLoader, batch: Batch) -> list[Batch]:
    logger.info("Job %s of run %s is asked for again", batch.job_id, batch.run_id)
    if batch.state is BatchState.CREATED:
        batch = journal.record(batch.id, Event.SUBMITTED)
    return runner.finish(batch).children
