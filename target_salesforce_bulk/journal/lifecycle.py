"""The state machine of a batch.

Rule 1: ``TRANSITIONS`` defines every legal transition; nothing else does.
Rule 2: only ``next_state`` decides a batch's state; the journal stores the result.
Rule 3: no I/O here.

The point of no return is the request that closes the job, and the journal says `closing` before it
goes out. So the job of a `created` batch has certainly never been closed: Salesforce has processed
nothing of it, and a job that went wrong is aborted and made anew. A `closing` batch may be on
either side: its job is asked for, and only where that is open still may it be closed or given up.
From `submitted` on the job is only ever asked for, never sent again.
"""

from __future__ import annotations

from enum import StrEnum


class BatchState(StrEnum):
    """Where a batch stands."""

    FILLING = "filling"  #: the sink appends rows to it
    SEALED = "sealed"  #: its CSV is complete and on disk; the loader takes it
    CREATED = "created"  #: it has a job that was never closed, which may hold its data
    CLOSING = "closing"  #: its job holds its data, and may be closed
    SUBMITTED = "submitted"  #: its job is not open any more; Salesforce works on it or has done so
    ENDED = "ended"  #: its job has ended; the results are still to be read
    SETTLED = "settled"  #: every row of it has an outcome on disk
    RELEASED = "released"  #: a STATE that covers it has been written; its files may be removed
    ABANDONED = "abandoned"  #: none of its rows was processed; the tap sends them again

    @property
    def is_final(self) -> bool:
        """Whether nothing remains to be done for the batch."""
        return self in {BatchState.RELEASED, BatchState.ABANDONED}

    @property
    def is_unsettled(self) -> bool:
        """Whether some of its rows may lack an outcome."""
        return self not in {BatchState.SETTLED, BatchState.RELEASED, BatchState.ABANDONED}


class Event(StrEnum):
    """What happens to a batch."""

    SEALED = "sealed"  #: its last row is written
    REDUCED = "reduced"  #: rows of it were left out that cannot or must not be sent
    CREATED = "created"  #: Salesforce made an open job for it
    ABORTED = "aborted"  #: its open job was given up; another one will be made
    CLOSING = "closing"  #: the request that closes its job is about to go out
    SUBMITTED = "submitted"  #: its job is known not to be open any more
    ENDED = "ended"  #: its job is in a state that does not change any more
    SETTLED = "settled"  #: the outcome of every row has been stored
    RELEASED = "released"  #: a STATE that covers it has been written
    ABANDONED = "abandoned"  #: it will not be loaded; none of its rows was processed


TRANSITIONS: dict[BatchState, dict[Event, BatchState]] = {
    BatchState.FILLING: {
        Event.SEALED: BatchState.SEALED,
        Event.ABANDONED: BatchState.ABANDONED,
    },
    BatchState.SEALED: {
        Event.REDUCED: BatchState.SEALED,
        Event.CREATED: BatchState.CREATED,
        # Every row was refused before sending, so there is no job.
        Event.SETTLED: BatchState.SETTLED,
        Event.ABANDONED: BatchState.ABANDONED,
    },
    BatchState.CREATED: {
        Event.ABORTED: BatchState.SEALED,
        Event.CLOSING: BatchState.CLOSING,
        # Somebody else closed it.
        Event.SUBMITTED: BatchState.SUBMITTED,
    },
    BatchState.CLOSING: {
        Event.SUBMITTED: BatchState.SUBMITTED,
        # Salesforce refused to close it, and processed nothing of it.
        Event.ABORTED: BatchState.SEALED,
    },
    BatchState.SUBMITTED: {
        Event.ENDED: BatchState.ENDED,
    },
    BatchState.ENDED: {
        Event.SETTLED: BatchState.SETTLED,
        # Salesforce refused the job as a whole and processed no row.
        Event.ABANDONED: BatchState.ABANDONED,
    },
    BatchState.SETTLED: {
        Event.RELEASED: BatchState.RELEASED,
    },
    BatchState.RELEASED: {},
    BatchState.ABANDONED: {},
}


class IllegalTransitionError(Exception):
    """An event that is illegal in the batch's state: a bug in this program."""


def next_state(state: BatchState, event: Event) -> BatchState:
    """Return the state after an event.

    Raises:
        IllegalTransitionError: the event is illegal in this state.
    """
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalTransitionError(f"A {state} batch cannot be {event}.") from None
