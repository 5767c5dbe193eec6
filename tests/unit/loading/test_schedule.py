"""Batches are handed out in order by object, and closed in order."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from target_salesforce_bulk.journal.batch import Batch, BatchColumn, LoadPlan
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.loading.schedule import Schedule
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    import threading


class LonelyCondition:
    """A condition without other users: waiting without a limit would never end."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def notify_all(self) -> None:
        """There are no waiters."""

    def wait(self, timeout: float | None) -> None:
        """Let the time pass."""
        assert timeout is not None, "nobody wakes this worker"


def batch(
    number: int, sobject: str = "Contact", size: int = 10, parents: tuple[str, ...] = ()
) -> Batch:
    plan = LoadPlan(
        stream=sobject.lower(),
        sobject=sobject,
        operation=Operation.INSERT,
        columns=(BatchColumn(header="LastName", type="string"),),
        parents=parents,
    )
    return Batch(
        id=number, run_id="r", plan=plan, state=BatchState.SEALED, folder=Path("/x"), size=size
    )


@pytest.fixture
def schedule() -> Schedule:
    return Schedule()


def test_an_object_has_two_batches_under_way_at_most(schedule: Schedule) -> None:
    """The third waits, and another object goes past it."""
    for number in (1, 2, 3):
        schedule.add(batch(number))
    schedule.add(batch(4, "Account"))

    taken = [schedule.take() for _ in range(3)]

    assert [each.id for each in taken if each] == [1, 2, 4]


def test_a_batch_waits_for_the_one_before(schedule: Schedule) -> None:
    """Its turn comes when the earlier batch of the object is done."""
    first, second = batch(1), batch(2)
    schedule.add(first)
    schedule.add(second)
    schedule.take()
    schedule.take()
    with ThreadPoolExecutor() as pool:
        turn = pool.submit(schedule.await_turn, second)
        early = turn.done()
        schedule.done(first)

        assert (early, turn.result(timeout=5)) == (False, True)


def test_turns_of_different_objects_do_not_touch(schedule: Schedule) -> None:
    """An Account need not wait for a Contact."""
    schedule.add(batch(1))
    schedule.add(batch(2, "Account"))
    schedule.take()
    account = schedule.take()

    assert account is not None
    assert schedule.await_turn(account)


def test_reading_waits_for_space(schedule: Schedule) -> None:
    """Bytes count from the moment a batch is queued until it is done."""
    only = batch(1, size=100)
    schedule.add(only)
    schedule.take()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(schedule.await_space, 99)
        early = waiting.done()
        schedule.done(only)
        waiting.result(timeout=5)

        assert early is False


def test_closing_wakes_whoever_waits(schedule: Schedule) -> None:
    """Workers get no batch, and turns are refused."""
    schedule.add(batch(1))
    schedule.add(batch(2))
    schedule.take()
    second = schedule.take()
    assert second is not None
    with ThreadPoolExecutor() as pool:
        waiting = (
            pool.submit(schedule.take),
            pool.submit(schedule.await_turn, second),
            pool.submit(schedule.await_empty),
        )
        schedule.close()

        assert [each.result(timeout=5) for each in waiting] == [None, False, None]


def test_parents_go_before_children(schedule: Schedule) -> None:
    """Also where the child was sealed first, as at the end of the input."""
    parent, child = batch(2, "Account"), batch(1, parents=("Account",))
    with schedule.paused():
        schedule.add(child)
        schedule.add(parent)
    first = schedule.take()
    with ThreadPoolExecutor() as pool:
        second = pool.submit(schedule.take)
        early = second.done()
        schedule.done(parent)

        assert (first, early, second.result(timeout=5)) == (parent, False, child)


def test_objects_that_are_each_others_parents_do_not_wait_for_ever(schedule: Schedule) -> None:
    """The oldest batch goes first."""
    schedule.add(batch(1, parents=("Account", "Contact")))
    schedule.add(batch(2, "Account", parents=("Contact",)))

    first = schedule.take()

    assert first is not None
    assert first.id == 1


def test_a_later_batch_does_not_overtake_one_that_waits_for_its_parents(
    schedule: Schedule,
) -> None:
    """The newer value of a record is still written last."""
    schedule.add(batch(1, "Account"))
    schedule.take()
    schedule.add(batch(2, parents=("Account",)))
    schedule.add(batch(3))
    schedule.add(batch(4, "Lead"))

    taken = schedule.take()

    assert taken is not None
    assert taken.id == 4


def test_a_batch_that_falls_due_while_a_worker_looks_is_not_missed() -> None:
    """Time passes between two looks at the clock; the only worker still gets the batch."""
    clock = itertools.count(0.0, 1.0)
    schedule = Schedule(lambda: next(clock), cast("threading.Condition", LonelyCondition()))
    delayed = batch(1)
    schedule.add(delayed, wait_seconds=1.5)

    assert schedule.take() == delayed


def test_a_batch_that_is_not_due_lets_others_pass(schedule: Schedule) -> None:
    """Until its stream is stopped: then it is handed out in its own place."""
    schedule.add(batch(1), wait_seconds=3600)
    schedule.add(batch(2))
    schedule.add(batch(3))
    first = schedule.take()
    schedule.hurry("contact")

    assert [each.id for each in (first, schedule.take()) if each] == [2, 1]


def test_a_child_waits_for_a_parent_that_is_not_due(schedule: Schedule) -> None:
    """While something else is under way; a parent that waits for a retry is still to come."""
    schedule.add(batch(1, "Account"), wait_seconds=3600)
    schedule.add(batch(2, "Lead"))
    schedule.add(batch(3, parents=("Account",)))
    schedule.add(batch(4, "Lead"))

    assert [each.id for each in (schedule.take(), schedule.take()) if each] == [2, 4]


def test_a_stream_has_more_until_its_last_batch_is_done(schedule: Schedule) -> None:
    """Queued or under way, but not done."""
    first, second = batch(1), batch(2)
    schedule.add(first)
    schedule.add(second)
    schedule.take()
    before = schedule.holds_more_of(first)
    schedule.take()
    schedule.done(second)

    assert (before, schedule.holds_more_of(first)) == (True, False)


def test_a_batch_that_is_held_holds_up_its_object(schedule: Schedule) -> None:
    """Nothing of the object overtakes it, nor do children of the object; others go on."""
    schedule.add(batch(1), hold_seconds=3600)
    schedule.add(batch(2))
    schedule.add(batch(3, "Case", parents=("Contact",)))
    schedule.add(batch(4, "Lead"))
    first = schedule.take()
    schedule.release()

    assert [each.id for each in (first, schedule.take(), schedule.take()) if each] == [4, 1, 2]


def test_a_batch_is_held_no_longer_than_said() -> None:
    """A worker that waits for it wakes by itself."""
    clock = itertools.count(0.0, 1.0)
    schedule = Schedule(lambda: next(clock), cast("threading.Condition", LonelyCondition()))
    held = batch(1)
    schedule.add(held, hold_seconds=2.5)

    assert schedule.take() == held


def test_reading_does_not_wait_for_what_is_held(schedule: Schedule) -> None:
    """Without space for more, it is released."""
    held = batch(1, size=100)
    schedule.add(held, hold_seconds=3600)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(schedule.await_space, 99)
        taken = pool.submit(schedule.take).result(timeout=5)
        schedule.done(held)
        waiting.result(timeout=5)

    assert taken == held


def test_a_stream_that_stopped_is_not_held(schedule: Schedule) -> None:
    """Its batches are handed out to be given up."""
    schedule.add(batch(1), hold_seconds=3600)
    schedule.add(batch(2, "Lead"), hold_seconds=3600)
    schedule.hurry("contact")

    assert schedule.take() == batch(1)


class CountedPlan:
    """A plan that counts how often it is asked for anything."""

    def __init__(self, plan: LoadPlan) -> None:
        self._plan = plan
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        self.asked += 1
        return getattr(self._plan, name)


@pytest.mark.parametrize("queued", [10, 10_000])
def test_a_step_costs_the_same_however_many_batches_are_queued(
    schedule: Schedule, queued: int
) -> None:
    """Taking a batch and finishing it looks at a few batches only."""
    plan = CountedPlan(batch(0).plan)
    for number in range(queued):
        each = replace(batch(number), plan=cast("LoadPlan", plan))
        schedule.add(each, wait_seconds=3600 if number % 2 else 0)
    plan.asked = 0
    taken = schedule.take()
    assert taken is not None
    schedule.holds_more_of(taken)
    schedule.done(taken)

    assert plan.asked < 20


def test_nothing_is_handed_out_after_a_halt(schedule: Schedule) -> None:
    """What is queued stays there; what is under way goes on, and is waited for."""
    first, second, third = batch(1), batch(2), batch(3)
    for each in (first, second, third):
        schedule.add(each)
    schedule.take()
    schedule.take()
    schedule.halt()
    schedule.await_space(0)
    with ThreadPoolExecutor() as pool:
        empty, idle = pool.submit(schedule.await_empty), pool.submit(schedule.await_idle)
        early = schedule.take(), empty.done(), idle.done()
        schedule.done(first)
        turn = schedule.await_turn(second)
        schedule.done(second)
        empty.result(timeout=5)
        idle.result(timeout=5)

    assert (early, turn, schedule.take()) == ((None, False, False), True, None)
