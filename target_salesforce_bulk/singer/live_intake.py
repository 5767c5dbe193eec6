"""The intake of a run that loads: batches go to the loader, STATE to the checkpoint."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.loading.events import StreamStarted
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.singer import bookmarks
from target_salesforce_bulk.singer.bookmarks import ABSENT
from target_salesforce_bulk.singer.checkpoint import Reading
from target_salesforce_bulk.singer.recogniser import LiveRecogniser
from target_salesforce_bulk.singer.top_tracker import TopTracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.journal.port import Journal
    from target_salesforce_bulk.journal.recognised import Position
    from target_salesforce_bulk.journal.top_rows import TopRows
    from target_salesforce_bulk.loading.events import Event
    from target_salesforce_bulk.loading.guards.canary import Canaries
    from target_salesforce_bulk.loading.loader import Loader
    from target_salesforce_bulk.loading.tally import StreamTally, Tally
    from target_salesforce_bulk.mapping.resolve import ResolvedStream
    from target_salesforce_bulk.salesforce.objects import Objects
    from target_salesforce_bulk.singer.checkpoint import Checkpoint
    from target_salesforce_bulk.singer.ledger import Ledger
    from target_salesforce_bulk.singer.recogniser import Recogniser

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
        publish: Callable[[Event], None],
    ) -> None:
        self.objects = objects
        self._publish = publish
        self._journal = journal
        self._loader = loader
        self._checkpoint = checkpoint
        self._ledger = ledger
        self._tally = tally
        self._canaries = canaries
        #: Streams, with how far their open batches are filled.
        self._positions: dict[int, tuple[str, Callable[[], Position]]] = {}
        self._tap_streams: dict[str, str] = {}
        self._tops: dict[str, TopTracker] = {}
        #: Streams with a replication key: a tap that reads one to its end sends a STATE.
        self._positional: set[str] = set()
        self._held: list[Callable[[], None]] = []
        self._state: Any = None
        self._states = 0
        #: Whether the newest message is a STATE.
        self._at_state = False
        self._rows_of: set[str] = set()
        self._started_before_state: set[str] = set()
        #: The stream of the newest row, and those that had a turn since each stream's last.
        self._turn = ""
        self._turns_since: dict[str, set[str]] = {}
        self._tied: set[str] = set()

    def stream_started(self, stream: str, tap_stream: str, resolved: ResolvedStream) -> StreamTally:
        """See `Intake.stream_started`."""
        self._note_stream(stream, tap_stream)
        self._publish(StreamStarted(stream=stream, tap_stream=tap_stream, resolved=resolved))
        return self._tally.stream_started(stream, resolved.sobject.name)

    def stream_left_out(self, stream: str, tap_stream: str) -> None:
        """See `Intake.stream_left_out`."""
        self._note_stream(stream, tap_stream)

    def _note_stream(self, stream: str, tap_stream: str) -> None:
        self._tap_streams[stream] = tap_stream
        self._checkpoint.stream_started(stream, tap_stream)

    def is_stopped(self, stream: str) -> bool:
        """See `Intake.is_stopped`."""
        self._loader.check()
        return self._loader.is_stopped(stream)

    def recogniser(
        self, plan: LoadPlan, *, replication_key: str | None, skip_repeated: bool
    ) -> Recogniser:
        """See `Intake.recogniser`."""
        tops = None
        if replication_key is not None:
            self._positional.add(plan.stream)
            if skip_repeated:
                tops = self._tops.setdefault(plan.stream, TopTracker())
        found = LiveRecogniser(
            self._journal.recognised,
            plan,
            tops=tops,
            is_failed=lambda key: self._journal.failures.has_row_of(plan, key),
        )
        self.when_decided(found.learn)
        return found

    def note_schema(self) -> None:
        """See `Intake.note_schema`."""
        self._at_state = False

    def note_rows(self, stream: str) -> None:
        """See `Intake.note_rows`."""
        self._checkpoint.row_came()
        self._at_state = False
        self._rows_of.add(stream)
        if stream != self._turn:
            self._turns_since.setdefault(stream, set())
            if between := self._turns_since[stream] - self._tied:
                self._tied |= between
                self._checkpoint.tie({stream, *between})
            for other, seen in self._turns_since.items():
                if other != stream:
                    seen.add(stream)
            self._turn = stream

    def when_decided(self, release: Callable[[], None]) -> None:
        """See `Intake.when_decided`."""
        if not self._journal.recognised.decided:
            self._held.append(release)

    def open_batch(self, plan: LoadPlan) -> Batch:
        """See `Intake.open_batch`."""
        batch = self._journal.open_batch(plan)
        self._checkpoint.batch_opened(batch.id, plan.stream)
        self._canaries.opened(batch)
        return batch

    def row_limit(self, batch: Batch, limit: float) -> float:
        """See `Intake.row_limit`."""
        return self._canaries.row_limit(batch, limit)

    def watch_position(self, batch: Batch, position: Callable[[], Position]) -> None:
        """See `Intake.watch_position`."""
        if batch.plan.operation is Operation.INSERT:
            self._positions[batch.id] = (batch.plan.stream, position)

    def hand_over(self, batch: Batch, *, rows: int, size: int, merged: int) -> None:
        """See `Intake.hand_over`."""
        self._positions.pop(batch.id, None)
        self._loader.submit(self._journal.seal(batch.id, rows=rows, size=size, merged=merged))

    def state_received(self, state: Any) -> None:
        """See `Intake.state_received`."""
        own, number = self._ledger.take_out(state)
        self._decide(number)
        self._state, self._states = own, self._states + 1
        self._at_state = True
        if new := self._tap_streams.keys() - self._started_before_state:
            self._journal.recognised.note_states_of(new)
            self._started_before_state |= new
        self._checkpoint.state_received(
            own, {stream: self._reading(stream) for stream in self._tap_streams}
        )

    def _decide(self, number: int | None) -> None:
        """Decide which rows come again, and load the waiting rows that do not."""
        if not self._journal.recognised.decided:
            self._journal.recognised.settle_decision(number)
            for release in self._held:
                release()

    def _reading(self, stream: str) -> Reading:
        """How far a stream has been read."""
        positions = {
            batch_id: position()
            for batch_id, (name, position) in self._positions.items()
            if name == stream
        }
        return Reading(
            positions=positions,
            taken=self._journal.recognised.taken(stream),
            top=self._top(stream),
        )

    def _top(self, stream: str) -> tuple[TopRows, int] | None:
        """The rows at the bookmark that the newest STATE has for a stream."""
        tops = self._tops.get(stream)
        return None if tops is None else tops.at(self._bookmark(stream))

    def _bookmark(self, stream: str) -> Any:
        """The replication-key value that the newest STATE has for a stream."""
        found = bookmarks.by_stream(self._state)
        return bookmarks.position(found.get(self._tap_streams[stream]))

    @contextmanager
    def input_ends(self) -> Iterator[None]:
        """See `Intake.input_ends`."""
        self._decide(None)
        with self._loader.paused():
            yield

    def complete(self) -> None:
        """Note that the input was read to its end, and that every row has an outcome.

        A tap that comes to its end sends a STATE as its last message, or none at all. If a record
        or a SCHEMA came after the last one, the tap broke off, and what it sent comes again.
        """
        if not self._states:
            for stream in self._rows_of:
                self._end_without_state(stream)
        elif self._at_state:
            complete = [stream for stream in self._tap_streams if self._is_complete(stream)]
            self._checkpoint.complete(
                {
                    stream: (self._reading(stream), self._journal.recognised.completion(stream))
                    for stream in complete
                    if not self._checkpoint.is_stopped(stream)
                }
            )
        if (value := self._checkpoint.last_written) is not ABSENT:
            self._journal.keep_state(value)
        self._journal.end_run()
        if taken := self._journal.recognised.taken_in_all:
            logger.info(
                "%s rows were already processed by an earlier run and were left out",
                f"{taken:,}",
                extra=log_facts(LogCode.ROWS_RECOGNISED, rows=taken),
            )

    def _end_without_state(self, stream: str) -> None:
        """Decide whether the tap of a stream, which has sent no STATE, has come to its end.

        One that has sent STATE before, or has a replication key, broke off before its first one.
        If it does the same in the next run, it is one that sends none.
        """
        recognised = self._journal.recognised
        if recognised.has_states(stream):
            recognised.forget_states_of(stream)
            if recognised.completion(stream):
                logger.warning(
                    "Stream %s: the tap sent STATE in an earlier run and none in this one, so it "
                    "seems to have broken off. Inserted rows that come again in the next run are "
                    "left out. If they must be inserted again, run "
                    "`target-salesforce-bulk jobs forget %s` first.",
                    plain_text(stream),
                    plain_text(stream),
                    extra=log_facts(LogCode.TAP_BROKE_OFF, stream=stream),
                )
        elif stream not in self._positional or recognised.taken(stream) > 0:
            self._journal.complete_without_state(stream)

    def _is_complete(self, stream: str) -> bool:
        """Whether the tap brought a stream to its end, as far as its last STATE tells."""
        if stream not in self._started_before_state:
            return False
        tap_stream, names = self._tap_streams[stream], set(self._tap_streams.values())
        if bookmarks.is_under_way(self._state, tap_stream):
            return False
        if stream in self._positional and bookmarks.lacks(self._state, tap_stream, names):
            return False  # a tap that comes to its end writes the bookmark
        if self._has_passed_bookmark(stream):
            return False  # rows after it come again
        return self._has_gone_on(stream) or not self._journal.recognised.expects_any(stream)

    def _has_passed_bookmark(self, stream: str) -> bool:
        """Whether the tap has sent rows of a stream that stand after its newest bookmark."""
        tops = self._tops.get(stream)
        return tops is not None and tops.has_passed(self._bookmark(stream))

    def _has_gone_on(self, stream: str) -> bool:
        """Whether the tap has sent more of a stream than what it repeats at its bookmark.

        If it has not, it may have broken off before the rows that are expected.
        """
        tops = self._tops.get(stream)
        return stream in self._rows_of and (tops is None or tops.has_other_rows)
