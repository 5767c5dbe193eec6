"""Finishes what an earlier run left behind, before anything new is read.

Only the journal and Salesforce are consulted: the stream may have another schema by now, or may no
longer exist.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import JobError
from target_salesforce_bulk.journal.lifecycle import BatchState, Event
from target_salesforce_bulk.loading.job_watch import batch_facts
from target_salesforce_bulk.log_codes import LogCode, log_facts

if TYPE_CHECKING:
    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.journal.port import Journal
    from target_salesforce_bulk.loading.ingest_jobs import IngestJobs
    from target_salesforce_bulk.loading.loader import Loader

logger = logging.getLogger(__name__)


class Resume:
    """Settles, queues or writes off every unsettled batch of earlier runs.

    * A job that was certainly never closed is given up. Salesforce processed nothing of it, and as
      no STATE covers its rows, the tap sends them again.
    * A job that was about to be closed is queried. It holds all rows of its batch, so if it is
      still open it is closed now: aborting it would be wrong if the lost request to close it took
      effect at the same moment.
    * A job that was closed is awaited and settled; none of its rows is sent again.
    * Rows of child batches are resent in this run: the other rows of their batch are settled, so
      the tap does not send them again.
    """

    def __init__(self, journal: Journal, jobs: IngestJobs, loader: Loader) -> None:
        self._journal = journal
        self._jobs = jobs
        self._loader = loader

    def run(self) -> None:
        """Finish what is left; called before the loader starts.

        Raises:
            JobError: a job makes no progress, or Salesforce neither closes nor aborts it.
            SalesforceError: no job can be queried.
        """
        for batch in self._journal.batches(*(each for each in BatchState if each.is_unsettled)):
            try:
                self._bring_to_an_end(batch)
            except JobError as error:
                if not error.permanent:
                    raise
                # Refused as a whole: nothing of it was processed, and its rows come again.
                logger.warning(
                    "%s The tap sends its rows again.",
                    error,
                    extra=log_facts(LogCode.JOB_REFUSED_BEFORE, **batch_facts(batch)),
                )

    def _bring_to_an_end(self, batch: Batch) -> None:
        batch = self._decide(batch)
        if batch.state in {BatchState.SUBMITTED, BatchState.ENDED}:
            logger.info(
                "Job %s of stream %s was left by run %s and is checked again",
                batch.job_id,
                batch.plan.stream,
                batch.run_id,
                extra=log_facts(
                    LogCode.JOB_CHECKED_AGAIN, **batch_facts(batch), run_id=batch.run_id
                ),
            )
            self._loader.finish_left(batch)
        elif batch.parent_id is None:
            self._journal.abandon(batch.id)
        else:
            self._loader.take_over(batch)

    def _decide(self, batch: Batch) -> Batch:
        """Find out whether a job that may have been closed was."""
        if batch.state is BatchState.CREATED:
            return self._jobs.abort(batch)
        if batch.state is not BatchState.CLOSING:
            return batch
        if self._jobs.is_open(batch):
            return self._jobs.close(batch)
        return self._journal.record(batch.id, Event.SUBMITTED)
