"""Batches are handed out in order by object, and closed in order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from target_salesforce_bulk.loading.batch import Batch, BatchColumn, LoadPlan
from target_salesforce_bulk.loading.lifecycle import BatchState
from target_salesforce_bulk.loading.schedule import Schedule
from target_salesforce_bulk.salesforce.job import Operation


def batch(number: int, sobject: str = "Contact", size: int = 10) -> Batch:
    plan = LoadPlan(
        stream=sobject.lower(),
        sobject=sobject,
        operation=Operation.INSERT,
        columns=(BatchColumn(header="LastName", type="string"),),
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
    """Nobody is left behind: workers get no batch, turns are refused."""
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
