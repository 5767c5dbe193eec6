"""The intake of a run that loads: batches go to the loader, STATE to the checkpoint."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import MappingError
from target_salesforce_bulk.journal.recognised import must_not_come_twice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.journal.port import Journal
    from target_salesforce_bulk.loading.guards.canary import Canaries
    from target_salesforce_bulk.loading.loader import Loader
    from target_salesforce_bulk.loading.tally import StreamTally, Tally
    from target_salesforce_bulk.mapping.resolve import ResolvedStream
    from target_salesforce_bulk.salesforce.objects import Objects
    from target_salesforce_bulk.singer.checkpoint import Checkpoint
    from target_salesforce_bulk.singer.intake import Position
    from target_salesforce_bulk.singer.ledger import Ledger

logger = logging.getLogger(__name__)


class LiveIntake:
    """See `Intake`. Used by the reading thread only, so what it keeps needs no lock."""

    def __init__(
        self,
        *,
        journal: Journal,
        loader: Loader,
        checkpoint: Checkpoint,
        ledger: Ledger,
        tally: Tally,
        canaries: Canaries,
        objects: Objects,
    ) -> None:
        self.objects = objects
        self._journal = journal
        self._loader = loader
        self._checkpoint = checkpoint
        self._ledger = ledger
        self._tally = tally
        self._canaries = canaries
        self._positions: dict[int, Callable[[], Position]] = {}
        self._tap_streams: dict[str, str] = {}
        self._states = 0
        self._rows_since_state = False

    def stream_started(self, stream: str, tap_stream: str, resolved: ResolvedStream) -> StreamTally:
        """See `Intake.stream_started`."""
        self._tap_streams[stream] = tap_stream
        self._checkpoint.stream_started(stream, tap_stream)
        return self._tally.stream_started(stream, resolved.sobject.name)

    def is_stopped(self, stream: str) -> bool:
        """See `Intake.is_stopped`."""
        self._loader.check()
        return self._loader.is_stopped(stream)

    def may_come_again(self, plan: LoadPlan) -> bool:
        """See `Intake.may_come_again`."""
        if not must_not_come_twice(plan.operation):
            return False
        numbers = self._journal.recognised.numbers(plan.stream)
        others = sum(n for fingerprint, n in numbers.items() if fingerprint != plan.map_fingerprint)
        if others:
            raise MappingError(
                f"Stream {plan.stream}: an interrupted run dealt with {others} rows that come "
                "again, but its mapping has changed since, so they could not be recognised. Set "
                f"the former settings of streams.{plan.stream} for one run; or, if they may be "
                f"{plan.operation}ed twice, run: target-salesforce-bulk jobs forget {plan.stream}",
                stream=plan.stream,
            )
        return bool(numbers)

    def came_again(self, plan: LoadPlan, fingerprint: bytes) -> bool:
        """See `Intake.came_again`."""
        return self._journal.recognised.take(plan, fingerprint)

    def note_row(self) -> None:
        """See `Intake.note_row`."""
        self._rows_since_state = True

    def open_batch(self, plan: LoadPlan) -> Batch:
        """See `Intake.open_batch`."""
        batch = self._journal.open_batch(plan)
        self._checkpoint.batch_opened(batch.id, self._tap_streams[plan.stream])
        self._canaries.opened(batch)
        return batch

    def row_limit(self, batch: Batch, limit: float) -> float:
        """See `Intake.row_limit`."""
        return self._canaries.row_limit(batch, limit)

    def watch_position(self, batch: Batch, position: Callable[[], Position]) -> None:
        """See `Intake.watch_position`."""
        if must_not_come_twice(batch.plan.operation):
            self._positions[batch.id] = position

    def hand_over(self, batch: Batch, *, rows: int, size: int, merged: int) -> None:
        """See `Intake.hand_over`."""
        self._positions.pop(batch.id, None)
        self._loader.submit(self._journal.seal(batch.id, rows=rows, size=size, merged=merged))

    def state_received(self, state: dict[str, Any]) -> None:
        """See `Intake.state_received`."""
        positions = {batch_id: position() for batch_id, position in self._positions.items()}
        self._states += 1
        self._rows_since_state = False
        self._checkpoint.state_received(
            self._ledger.take_out(state), positions, self._journal.recognised.taken
        )

    @contextmanager
    def input_ends(self) -> Iterator[None]:
        """See `Intake.input_ends`."""
        with self._loader.paused():
            yield

    def complete(self) -> None:
        """Note that the input was read to its end, and that every row has an outcome."""
        self._journal.end_run(stateless=not self._states)
        if taken := self._journal.recognised.taken:
            logger.info(
                "%s rows had been dealt with by an interrupted run and were not sent again", taken
            )
        if self._states and not self._rows_since_state:
            # The tap came to its end: what it did not send again will not come.
            for stream in self._tap_streams:
                self._journal.recognised.forget_stream(stream)
