"""What the target and its sinks ask of a run, whether it loads rows or only counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from target_salesforce_bulk.journal.batch import Batch, LoadPlan
    from target_salesforce_bulk.journal.recognised import Position
    from target_salesforce_bulk.mapping.resolve import ResolvedStream
    from target_salesforce_bulk.salesforce.objects import Objects
    from target_salesforce_bulk.singer.recogniser import Recogniser


class Reads(Protocol):
    """Counts the records of a stream."""

    read: int


class Intake(Protocol):
    """Takes rows and STATE; called on the reading thread only."""

    @property
    def objects(self) -> Objects:
        """The objects of the org."""

    def stream_started(self, stream: str, tap_stream: str, resolved: ResolvedStream) -> Reads:
        """Begin to count a stream.

        Args:
            stream: Its name here, after stream maps.
            tap_stream: Its name in the tap, under which STATE has its bookmark.
            resolved: What becomes of its rows.
        """

    def stream_left_out(self, stream: str, tap_stream: str) -> None:
        """Note that a stream is not loaded; the arguments are those of `stream_started`."""

    def is_stopped(self, stream: str) -> bool:
        """Whether rows of a stream are not taken any more.

        Raises:
            SalesforceBulkError: no stream can be loaded any more.
        """

    def recogniser(
        self, plan: LoadPlan, *, replication_key: str | None, skip_repeated: bool
    ) -> Recogniser:
        """Distinguishes new rows from those that an earlier run processed.

        Args:
            plan: What the rows are to become.
            replication_key: The property that the tap's bookmark is based on; None if it has none.
            skip_repeated: Whether rows that come again at the bookmark are left out.
        """

    def note_schema(self) -> None:
        """Note that a SCHEMA came: something is to follow it."""

    def note_rows(self, stream: str) -> None:
        """Note that records of a stream came."""

    def when_decided(self, release: Callable[[], None]) -> None:
        """Call something when it is known which rows come again: rows may wait for that."""

    def open_batch(self, plan: LoadPlan) -> Batch:
        """Make a batch to be filled; a STATE that comes later waits for it."""

    def row_limit(self, batch: Batch, limit: float) -> float:
        """How many rows a batch takes, given what the settings allow."""

    def watch_position(self, batch: Batch, position: Callable[[], Position]) -> None:
        """Ask how far a batch is filled whenever a STATE comes, until it is sealed."""

    def hand_over(self, batch: Batch, *, rows: int, size: int, merged: int) -> None:
        """Take a filled batch to load; waits while too many bytes are queued."""

    def state_received(self, state: Any) -> None:
        """Take a STATE, to write it when everything before it has an outcome."""

    def input_ends(self) -> AbstractContextManager[None]:
        """Wrap the sealing of the last batches, so that parents go first."""


class OpenRun(Protocol):
    """A run that takes what is read, until it is finished or stopped."""

    @property
    def intake(self) -> Intake:
        """Where rows and STATE go."""

    def finish(self) -> None:
        """Wait for what is under way, and say what was done.

        Raises:
            SalesforceBulkError: a person must look at the outcome.
        """

    def stop(self) -> None:
        """Leave at the next step of each job; the next run goes on from there."""

    def close(self) -> None:
        """Release the state directory; harmless where that was done."""
