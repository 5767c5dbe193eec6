"""The life of a batch: what may follow what."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.journal.lifecycle import (
    TRANSITIONS,
    BatchState,
    Event,
    IllegalTransitionError,
    next_state,
)

S, E = BatchState, Event

LEGAL = {
    (S.FILLING, E.SEALED): S.SEALED,
    (S.FILLING, E.ABANDONED): S.ABANDONED,
    (S.SEALED, E.REDUCED): S.SEALED,
    (S.SEALED, E.CREATED): S.CREATED,
    (S.SEALED, E.SETTLED): S.SETTLED,
    (S.SEALED, E.ABANDONED): S.ABANDONED,
    (S.CREATED, E.ABORTED): S.SEALED,
    (S.CREATED, E.CLOSING): S.CLOSING,
    (S.CREATED, E.SUBMITTED): S.SUBMITTED,
    (S.CLOSING, E.SUBMITTED): S.SUBMITTED,
    (S.CLOSING, E.ABORTED): S.SEALED,
    (S.SUBMITTED, E.ENDED): S.ENDED,
    (S.ENDED, E.SETTLED): S.SETTLED,
    (S.ENDED, E.ABANDONED): S.ABANDONED,
    (S.SETTLED, E.RELEASED): S.RELEASED,
}


@pytest.mark.parametrize("state", BatchState)
@pytest.mark.parametrize("event", Event)
def test_every_pair_of_state_and_event(state: BatchState, event: Event) -> None:
    """A pair leads where the table above says, or is refused."""
    if (state, event) in LEGAL:
        assert next_state(state, event) is LEGAL[state, event]
    else:
        with pytest.raises(IllegalTransitionError, match=f"A {state} batch cannot be {event}"):
            next_state(state, event)


def test_every_state_has_a_row() -> None:
    """No state is forgotten in the table."""
    assert set(TRANSITIONS) == set(BatchState)


def test_nothing_leaves_a_final_state() -> None:
    """What is released or abandoned stays so."""
    assert [state for state in BatchState if not TRANSITIONS[state]] == [
        state for state in BatchState if state.is_final
    ]


def test_a_submitted_batch_is_never_sent_again() -> None:
    """From the closing of the job on, no way leads back to a new one."""
    reachable, todo = set(), [BatchState.SUBMITTED]
    while todo:
        state = todo.pop()
        reachable.add(state)
        todo += [after for after in TRANSITIONS[state].values() if after not in reachable]

    assert not reachable & {BatchState.FILLING, BatchState.SEALED, BatchState.CREATED}
