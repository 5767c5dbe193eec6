"""STATE is written when it is true, and never before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.singer.checkpoint import Checkpoint, Reading

if TYPE_CHECKING:
    from target_salesforce_bulk.journal.recognised import Coverage, Position


class Out:
    """What a checkpoint wrote, and what it said that covers."""

    def __init__(self) -> None:
        self.states: list[dict[str, Any]] = []
        self.numbers: list[int | None] = []
        self.covered: list[dict[int, Position | None]] = []
        self.remembers_rows = True
        self.checkpoint = Checkpoint(self.write, self, numbered=True, starts={})

    def write(self, state: dict[str, Any], number: int | None) -> None:
        self.states.append(state)
        self.numbers.append(number)

    def newest_state(self) -> int:
        return len(self.covered)

    def intend_state(self, coverage: Coverage) -> int:
        self.covered.append(dict(coverage.batches))
        return len(self.covered)

    def state_written(self, number: int, coverage: Coverage, value: Any, *, numbered: bool) -> None:
        assert number == len(self.covered)

    def came(self, value: Any, **positions: Position) -> None:
        """A STATE comes; the open batch of each stream is filled up to a position."""
        streams = self.checkpoint._streams
        readings = {
            stream: Reading(
                positions=dict.fromkeys(self.open(stream), positions[stream])
                if stream in positions
                else {}
            )
            for stream in streams
        }
        self.checkpoint.state_received(value, readings)

    def open(self, stream: str) -> list[int]:
        origins = self.checkpoint._stream_of_origin.items()
        return [batch for batch, name in origins if name == stream]

    def opened(self, batch_id: int, stream: str) -> None:
        self.checkpoint.stream_started(stream, stream)
        self.checkpoint.batch_opened(batch_id, stream)

    def settled(self, batch_id: int) -> None:
        self.checkpoint.batch_settled(batch_id, batch_id)

    def released(self) -> list[int]:
        return [b for covered in self.covered for b, position in covered.items() if not position]


@pytest.fixture
def out() -> Out:
    return Out()


def state(**bookmarks: Any) -> dict[str, Any]:
    return {"bookmarks": {stream: {"at": at} for stream, at in bookmarks.items()}}


def test_a_state_with_nothing_before_it_is_written_at_once(out: Out) -> None:
    """A tap that has no rows still moves its bookmark."""
    out.came(state(a=1))

    assert out.states == [state(a=1)]


def test_a_state_waits_for_the_batch_before_it(out: Out) -> None:
    """Rows that are not settled hold back what claims that they are."""
    out.opened(1, "a")
    out.came(state(a=1))
    before = list(out.states)

    out.settled(1)

    assert (before, out.states) == ([], [state(a=1)])


def test_a_batch_opened_after_a_state_does_not_hold_it_back(out: Out) -> None:
    """Only what came before counts."""
    out.opened(1, "a")
    out.came(state(a=1))
    out.opened(2, "a")

    out.settled(1)

    assert out.states == [state(a=1)]


def test_only_the_newest_true_state_is_written(out: Out) -> None:
    """States between are skipped."""
    out.opened(1, "a")
    for at in (1, 2, 3):
        out.came(state(a=at))

    out.settled(1)

    assert out.states == [state(a=3)]


def test_batches_that_settle_out_of_order_never_turn_a_state_back(out: Out) -> None:
    """The second stream's bookmark first, as it waits for nobody; then both."""
    out.opened(1, "a")
    out.came(state(a=1))
    out.opened(2, "b")
    out.came(state(a=1, b=2))

    out.settled(2)
    between = list(out.states)
    out.settled(1)

    assert (between, out.states) == ([state(b=2)], [state(b=2), state(a=1, b=2)])


def test_waiting_states_do_not_pile_up(out: Out) -> None:
    """A tap that sends STATE after each record costs one of them in memory, not all."""
    out.opened(1, "a")
    for at in range(10_000):
        out.came(state(a=at))

    assert [len(each) for each in out.checkpoint._waiting.values()] == [1]


def test_a_stopped_stream_keeps_its_bookmark_while_others_move(out: Out) -> None:
    """The bookmark is the newest one that no unsettled row stands before."""
    out.came(state(bad=1, good=1))
    out.opened(1, "bad")
    out.opened(2, "good")
    out.came(state(bad=5, good=5))

    out.checkpoint.stream_stopped("bad")
    out.settled(2)
    out.came(state(bad=9, good=9))

    assert out.states == [state(bad=1, good=1), state(bad=1, good=5), state(bad=1, good=9)]


def test_a_stopped_stream_keeps_what_was_safe_but_not_yet_written(out: Out) -> None:
    """A waiting STATE that waits for another stream only is safe for this one."""
    out.opened(1, "good")
    out.came(state(bad=3))
    out.opened(2, "bad")
    out.came(state(bad=4, good=4))

    out.checkpoint.stream_stopped("bad")
    out.settled(1)

    assert out.states == [state(bad=3, good=4)]


def test_a_stopped_stream_without_an_earlier_bookmark_gets_none(out: Out) -> None:
    """Its rows come again from the beginning."""
    out.opened(1, "bad")
    out.came(state(bad=4, good=4))

    out.checkpoint.stream_stopped("bad")

    assert out.states == [state(good=4)]


def test_a_state_without_bookmarks_is_held_back_as_a_whole(out: Out) -> None:
    """What cannot be split by stream cannot be half true."""
    out.opened(1, "bad")
    out.came({"position": 7})

    out.checkpoint.stream_stopped("bad")

    reason = "the tap's STATE has no bookmark for each stream"
    assert (out.states, out.checkpoint.withheld) == ([], reason)


def test_the_state_of_the_tap_is_not_changed_in_place(out: Out) -> None:
    """The tap's own message is left as it came."""
    value = state(bad=4, good=4)
    out.opened(1, "bad")
    out.came(value)

    out.checkpoint.stream_stopped("bad")

    assert value == state(bad=4, good=4)


def test_a_batch_is_released_by_the_state_that_covers_it(out: Out) -> None:
    """Its files may go then, and not when it settles."""
    out.opened(1, "a")
    out.settled(1)
    before = out.released()

    out.came(state(a=1))

    assert (before, out.released()) == ([], [1])


def test_a_settled_batch_is_not_released_by_an_older_state(out: Out) -> None:
    """It was opened after that STATE, so its rows would come again after a crash."""
    out.opened(1, "a")
    out.came(state(a=1))
    out.opened(2, "a")
    out.settled(2)

    out.settled(1)

    assert (out.states, out.released()) == ([state(a=1)], [1])


def test_an_unfinished_bookmark_covers_nothing(out: Out) -> None:
    """The tap cannot go on from it: rows before it come again."""
    out.opened(1, "a")
    out.settled(1)

    out.came({"bookmarks": {"a": {"at": 1, "progress_markers": {"at": 5}}}})

    assert (len(out.states), out.released()) == (1, [])


def test_a_bookmark_that_stays_covers_nothing_new(out: Out) -> None:
    """Rows after it that came before the same bookmark again will come again."""
    out.came(state(a=1))
    out.opened(1, "a")
    out.settled(1)

    out.came(state(a=1))

    assert (out.states, out.released()) == ([state(a=1)], [])


def test_a_batch_is_covered_as_far_as_it_was_filled(out: Out) -> None:
    """Rows that came after the STATE come again after a crash."""
    out.opened(1, "a")
    out.came(state(a=1), a=(3, 1))
    out.settled(1)

    assert out.covered == [{1: (3, 1)}]


def test_a_bookmark_of_an_unknown_name_waits_for_streams_without_one(out: Out) -> None:
    """It may be theirs."""
    out.opened(1, "a")
    out.opened(2, "b")
    out.came(state(b=1, other=1))
    out.settled(2)
    before = list(out.states)
    out.settled(1)

    assert (before, out.states[-1]) == ([state(b=1)], state(b=1, other=1))


def test_no_start_is_lost_that_nobody_told(out: Out) -> None:
    """A classic tap does not say where it started: from what was written last, most likely."""
    out.checkpoint._starts = {"a": {"at": 2}}
    out.opened(1, "a")
    out.checkpoint.row_came()
    out.came(state(a=5, b=7))
    out.settled(1)

    assert out.states == [state(a=2, b=7), state(a=5, b=7)]


def test_no_start_is_made_up_after_a_kill(out: Out) -> None:
    """The tap may have started further back than from what was written last."""
    out.checkpoint._starts = None
    out.opened(1, "a")
    out.checkpoint.row_came()
    out.came(state(a=5, b=7))
    before = list(out.states)
    out.settled(1)

    assert (before, out.states) == ([], [state(a=5, b=7)])


def test_a_stream_that_stops_after_a_kill_is_the_reason_for_no_state(out: Out) -> None:
    """As nobody knows the bookmark that it keeps, the others cannot be written without it."""
    out.checkpoint._starts = None
    out.opened(1, "bad")
    out.checkpoint.row_came()
    out.came(state(bad=5, good=7))
    out.checkpoint.stream_stopped("bad")

    assert (out.states, out.checkpoint.withheld) == (
        [],
        "an earlier run was killed, and the tap does not say from which bookmarks it started",
    )


def test_a_child_without_a_position_holds_its_parent_back(out: Out) -> None:
    """Its rows come in turns with the parent's, and come again only with those."""
    out.came(state())
    out.opened(1, "parent")
    out.opened(2, "child")
    out.checkpoint.tie({"parent", "child"})
    out.came({"bookmarks": {"parent": {"at": 1, "replication_key_value": 1}, "child": {}}})
    out.settled(1)
    before = len(out.states)
    out.settled(2)

    assert [list(each["bookmarks"]) for each in out.states[before:]] == [["parent", "child"]]


def test_rows_after_a_stop_are_nowhere(out: Out) -> None:
    """A STATE that came after a stream stopped says nothing of it, though all is settled."""
    out.came(state(a=1))
    out.opened(1, "a")
    out.settled(1)
    out.checkpoint.stream_stopped("a")

    out.came(state(a=9))

    assert out.states == [state(a=1)]


def test_a_state_that_is_no_object_is_passed_on(out: Out) -> None:
    """Whatever the tap means by it."""
    for value in ([], "x", 7, None, {}):
        out.came(value)

    assert out.states == [[], "x", 7, None, {}]


def test_a_state_that_covers_nothing_has_the_number_of_the_one_before(out: Out) -> None:
    """It tells of all lines that are lost after it, also where no row is remembered."""
    out.remembers_rows = False
    out.came(state(things=0))
    out.opened(1, "things")
    out.settled(1)
    out.came(state(things=1))
    out.came(state(things=2))

    assert out.numbers == [0, 1, 1]
