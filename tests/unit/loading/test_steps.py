"""A step is measured and published, however it ends."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from sample_batches import make_batch

from target_salesforce_bulk.loading.events import Events, Step, StepEnded
from target_salesforce_bulk.loading.steps import Steps

if TYPE_CHECKING:
    from target_salesforce_bulk.loading.events import Event

BATCH = make_batch()


@pytest.fixture
def seen() -> list[Event]:
    return []


@pytest.fixture
def steps(seen: list[Event]) -> Steps:
    """Steps that take two seconds each."""
    events, ticks = Events(), count(10, 2)
    events.subscribe(seen.append)
    return Steps(events, now=lambda: 1000.0, clock=lambda: float(next(ticks)))


def test_a_step_that_succeeds(steps: Steps, seen: list[Event]) -> None:
    """Its event has the batch that came of it."""
    created = make_batch(job_id="7505g0000000001AAA")

    assert steps.take(Step.CREATE, BATCH, lambda: created) is created
    assert seen == [StepEnded(batch=created, step=Step.CREATE, started_at=1000.0, seconds=2.0)]


def test_a_step_that_fails(steps: Steps, seen: list[Event]) -> None:
    """Its event has the class of the error, which goes on."""

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        steps.take(Step.UPLOAD, BATCH, fail)

    assert seen == [
        StepEnded(
            batch=BATCH,
            step=Step.UPLOAD,
            started_at=1000.0,
            seconds=2.0,
            error="ZeroDivisionError",
        )
    ]
