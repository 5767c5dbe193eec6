"""STATE is written when it is true, and never before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.singer.checkpoint import Checkpoint

if TYPE_CHECKING:
    from target_salesforce_bulk.singer.intake import Position


class Out:
    """What a checkpoint wrote and released."""

    def __init__(self) -> None:
        self.states: list[dict[str, Any]] = []
        self.released: list[int] = []
        self.checkpoint = Checkpoint(self.states.append, self)

    def cover(self, batch_id: int, position: Position | None) -> None:
        if position is None:
            self.released.append(batch_id)

    def cover_recognised(self, taken: int) -> None:
        pass


@pytest.fixture
def out() -> Out:
    return Out()


def state(**bookmarks: int) -> dict[str, Any]:
    return {"bookmarks": {stream: {"at": at} for stream, at in bookmarks.items()}}


def test_a_state_with_nothing_before_it_is_written_at_once(out: Out) -> None:
    """A tap that has no rows still moves its bookmark."""
    out.checkpoint.state_received(state(a=1))

    assert out.states == [state(a=1)]


def test_a_state_waits_for_the_batch_before_it(out: Out) -> None:
    """Rows that are not settled hold back what claims that they are."""
    out.checkpoint.batch_opened(1, "a")
    out.checkpoint.state_received(state(a=1))
    before = list(out.states)

    out.checkpoint.batch_settled(1)

    assert (before, out.states) == ([], [state(a=1)])


def test_a_batch_opened_after_a_state_does_not_hold_it_back(out: Out) -> None:
    """Only what came before counts."""
    out.checkpoint.batch_opened(1, "a")
    out.checkpoint.state_received(state(a=1))
    out.checkpoint.batch_opened(2, "a")

    out.checkpoint.batch_settled(1)

    assert out.states == [state(a=1)]


def test_only_the_newest_true_state_is_written(out: Out) -> None:
    """States between are skipped."""
    out.checkpoint.batch_opened(1, "a")
    for at in (1, 2, 3):
        out.checkpoint.state_received(state(a=at))

    out.checkpoint.batch_settled(1)

    assert out.states == [state(a=3)]


def test_batches_that_settle_out_of_order_never_turn_a_state_back(out: Out) -> None:
    """The second batch first: nothing is true yet; then both at once."""
    out.checkpoint.batch_opened(1, "a")
    out.checkpoint.state_received(state(a=1))
    out.checkpoint.batch_opened(2, "b")
    out.checkpoint.state_received(state(a=1, b=2))

    out.checkpoint.batch_settled(2)
    between = list(out.states)
    out.checkpoint.batch_settled(1)

    assert (between, out.states) == ([], [state(a=1, b=2)])


def test_waiting_states_do_not_pile_up(out: Out) -> None:
    """A tap that sends STATE after each record costs one of them in memory, not all."""
    out.checkpoint.batch_opened(1, "a")
    for at in range(10_000):
        out.checkpoint.state_received(state(a=at))

    assert len(out.checkpoint._waiting) == 1


def test_a_stopped_stream_keeps_its_bookmark_while_others_move(out: Out) -> None:
    """The bookmark is the newest one that no unsettled row stands before."""
    out.checkpoint.state_received(state(bad=1, good=1))
    out.checkpoint.batch_opened(1, "bad")
    out.checkpoint.batch_opened(2, "good")
    out.checkpoint.state_received(state(bad=5, good=5))

    out.checkpoint.stream_stopped("bad")
    out.checkpoint.batch_settled(2)
    out.checkpoint.state_received(state(bad=9, good=9))

    assert out.states == [state(bad=1, good=1), state(bad=1, good=5), state(bad=1, good=9)]


def test_a_stopped_stream_keeps_what_was_safe_but_not_yet_written(out: Out) -> None:
    """A waiting STATE that waits for another stream only is safe for this one."""
    out.checkpoint.batch_opened(1, "good")
    out.checkpoint.state_received(state(bad=3))
    out.checkpoint.batch_opened(2, "bad")
    out.checkpoint.state_received(state(bad=4, good=4))

    out.checkpoint.stream_stopped("bad")
    out.checkpoint.batch_settled(1)

    assert out.states == [state(bad=3, good=4)]


def test_a_stopped_stream_without_an_earlier_bookmark_gets_none(out: Out) -> None:
    """Its rows come again from the beginning."""
    out.checkpoint.batch_opened(1, "bad")
    out.checkpoint.state_received(state(bad=4, good=4))

    out.checkpoint.stream_stopped("bad")

    assert out.states == [state(good=4)]


def test_a_state_without_bookmarks_is_held_back_as_a_whole(out: Out) -> None:
    """What cannot be split by stream cannot be half true."""
    out.checkpoint.batch_opened(1, "bad")
    out.checkpoint.state_received({"position": 7})

    out.checkpoint.stream_stopped("bad")

    assert (out.states, out.checkpoint.blocked) == ([], True)


def test_the_state_of_the_tap_is_not_changed_in_place(out: Out) -> None:
    """The tap's own message is left as it came."""
    value = state(bad=4, good=4)
    out.checkpoint.batch_opened(1, "bad")
    out.checkpoint.state_received(value)

    out.checkpoint.stream_stopped("bad")

    assert value == state(bad=4, good=4)


def test_a_batch_is_released_by_the_state_that_covers_it(out: Out) -> None:
    """Its files may go then, and not when it settles."""
    out.checkpoint.batch_opened(1, "a")
    out.checkpoint.batch_settled(1)
    before = list(out.released)

    out.checkpoint.state_received(state(a=1))

    assert (before, out.released) == ([], [1])


def test_a_settled_batch_is_not_released_by_an_older_state(out: Out) -> None:
    """It was opened after that STATE, so its rows would come again after a crash."""
    out.checkpoint.batch_opened(1, "a")
    out.checkpoint.state_received(state(a=1))
    out.checkpoint.batch_opened(2, "a")
    out.checkpoint.batch_settled(2)

    out.checkpoint.batch_settled(1)

    assert (out.states, out.released) == ([state(a=1)], [1])
