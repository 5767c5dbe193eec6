"""An intake that keeps what it receives, without a run."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from sample_batches import CONTACT, KnownObjects

from target_salesforce_bulk.journal.failed_rows import read_refused
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.preview.dry_run import Count
from target_salesforce_bulk.rows.csvfile import read_rows
from target_salesforce_bulk.singer.recogniser import NothingToRecognise

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan


class RecordingIntake:
    """See `Intake`; also the run that has it."""

    def __init__(self, folder: Path) -> None:
        self.intake = self
        self.objects: Any = KnownObjects(CONTACT)
        self.recognised: Any = NothingToRecognise()
        self.most_rows = float("inf")
        self.stopped = False
        self.count = Count()
        #: Operation and rows of each batch, in the order in which they were handed over.
        self.handed: list[tuple[str, list[list[str]]]] = []
        #: Code and key of each refused row.
        self.refused: list[tuple[str, str | None]] = []
        #: What is called when it is known which rows come again.
        self.held: list[Callable[[], None]] = []
        #: The order in which batches were opened and sealed.
        self.steps: list[str] = []
        self._journal = SqliteJournal(folder)
        self._journal.start_run("r1")

    def stream_started(self, stream: str, tap_stream: str, resolved: Any) -> Count:
        return self.count

    def is_stopped(self, stream: str) -> bool:
        return self.stopped

    def recogniser(self, plan: LoadPlan, **_: Any) -> Any:
        return self.recognised

    def note_rows(self, stream: str) -> None:
        """Ignore it."""

    def when_decided(self, release: Callable[[], None]) -> None:
        self.held.append(release)

    def open_batch(self, plan: LoadPlan) -> Batch:
        self.steps.append(f"open {plan.operation}")
        return self._journal.open_batch(plan)

    def row_limit(self, batch: Batch, limit: float) -> float:
        return min(limit, self.most_rows)

    def watch_position(self, batch: Batch, position: Any) -> None:
        """Ignore it."""

    def hand_over(self, batch: Batch, **_: int) -> None:
        self.steps.append(f"seal {batch.plan.operation}")
        self.handed.append((str(batch.plan.operation), list(read_rows(batch.csv))[1:]))
        self.refused += [(row.error.code, row.key) for row in read_refused(batch.refused)]

    def state_received(self, state: Any) -> None:
        """Ignore it."""

    def input_ends(self) -> AbstractContextManager[None]:
        return nullcontext()

    def finish(self) -> None:
        """Nothing is under way."""

    def stop(self) -> None:
        """Nothing is under way."""

    def close(self) -> None:
        self._journal.close()
