"""The parts that load batches, with an org in memory."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, cast

from org_in_memory import Clock, OrgInMemory, write_rows

from target_salesforce_bulk.journal.batch import Batch, BatchColumn, Counts, LoadPlan
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.lifecycle import BatchState, Event
from target_salesforce_bulk.loading.batch_loader import BatchLoader
from target_salesforce_bulk.loading.events import Events, StepEnded
from target_salesforce_bulk.loading.guards.deletes import DeleteGuard, DeleteLimits
from target_salesforce_bulk.loading.ingest_jobs import IngestJobs
from target_salesforce_bulk.loading.loader import Loader
from target_salesforce_bulk.loading.polling import PollPlan
from target_salesforce_bulk.loading.resume import Resume
from target_salesforce_bulk.loading.settling.child_batches import RowRetries
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.loading.tally import Tally
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.meter import Tally as CallTally
from target_salesforce_bulk.salesforce.transport import RetryPolicy

if TYPE_CHECKING:
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
    """The parts that load, with an org in memory."""

    def __init__(self, folder: Path) -> None:
        self.org = OrgInMemory()
        self.clock = Clock()
        self.journal = SqliteJournal(folder / "state")
        self.journal.start_run("r1")
        self.happened: list[Any] = []
        self.steps: list[StepEnded] = []
        #: Why no further job may start.
        self.usage_problem = ""
        self.tally = Tally()
        events = Events()
        events.subscribe(self._note)
        events.subscribe(self.tally.observe)
        stopping = cast("Any", self.clock)
        self.jobs = IngestJobs(
            api=cast("Any", self.org),
            journal=self.journal,
            poll=PollPlan(timeout_seconds=600),
            policy=RetryPolicy(attempts=4, max_seconds=300),
            stopping=stopping,
            usage_problem=lambda: self.usage_problem,
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
            steps=events,
        )
        self.loader = Loader(
            client=cast("Any", Client()),
            batch_loader=self.batch_loader,
            retries=self.batch_loader.retries,
            workers=2,
            max_spool_bytes=1 << 30,
            events=events,
            deletes=DeleteGuard(
                limits=lambda _: DeleteLimits(
                    accepted=frozenset(Operation), max_deletes=None, max_delete_percent=100
                ),
                count=lambda _: 0,
                hold_seconds=0,
            ),
            early_problem=lambda _: "",
            stopping=stopping,
        )

    def _note(self, event: Any) -> None:
        noted: list[Any] = self.steps if isinstance(event, StepEnded) else self.happened
        noted.append(event)

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
        """A batch whose job may be closed, as a killed run leaves it."""
        return self.journal.record(self.uploaded().id, Event.CLOSING)

    def load(self, batch: Batch) -> Counts:
        """Load a batch as a worker does."""
        return self.batch_loader.load(batch, lambda: True).counts

    def resume(self) -> None:
        """Finish what a run left behind, as far as that happens before reading."""
        Resume(self.journal, self.jobs, self.loader).run()

    def state(self, batch: Batch) -> BatchState:
        """The state of a batch."""
        found = [each for each in self.journal.batches(*BatchState) if each.id == batch.id]
        return found[0].state

    def failed(self) -> list[str]:
        """The codes of the stored rows."""
        return [row.code for row in self.journal.failures.select(Selection())]
