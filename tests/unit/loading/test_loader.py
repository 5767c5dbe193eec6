"""Workers load what is queued, and their errors reach the reading thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from loading_world import LOCKED, NAMES

from target_salesforce_bulk.errors import ApiUsageError, SalesforceBulkError, StateDirectoryError
from target_salesforce_bulk.journal.lifecycle import BatchState

if TYPE_CHECKING:
    from loading_world import World


@pytest.mark.parametrize(
    ("error", "told", "says"),
    [
        (
            ZeroDivisionError("x"),
            SalesforceBulkError,
            "because of a bug in this program: ZeroDivision",
        ),
        (OSError(28, "No space left on device"), StateDirectoryError, "Free some space"),
    ],
)
def test_whatever_arises_in_a_worker_is_one_line(
    world: World, error: Exception, told: type[Exception], says: str
) -> None:
    """No exception of another library reaches the reading thread."""

    def fail() -> None:
        raise error

    world.org.before["upload"] = [fail]
    world.loader.start()
    with pytest.raises(told, match=says):
        submit_and_drain(world)


def test_jobs_that_were_started_are_finished(world: World) -> None:
    """When no further job may start, whoever reads gets the reason only after they are settled."""
    first, second = world.sealed(), world.sealed()
    world.org.before["close"] = [lambda: setattr(world, "usage_problem", "too many")]
    world.loader.submit(first)
    world.loader.submit(second)
    world.loader.submit(world.sealed())
    world.loader.start()
    with pytest.raises(ApiUsageError, match="too many"):
        world.loader.drain()
    settled = [each for each in (first, second) if world.state(each) is BatchState.SETTLED]

    assert settled in ([first], [first, second])
    assert world.org.asked.count("create") == len(settled)
    assert world.org.records() == NAMES * len(settled)
    with pytest.raises(ApiUsageError):
        world.loader.submit(world.sealed())


def test_rows_to_be_resent_stay_in_their_batch(world: World) -> None:
    """The tap does not send them again, so the next run takes them over."""
    world.org.errors = {"Ada": LOCKED}
    world.org.after["close"] = [lambda: setattr(world, "usage_problem", "too many")]
    world.loader.start()
    with pytest.raises(ApiUsageError):
        submit_and_drain(world)
    left = world.journal.batches(BatchState.SEALED)

    assert [(batch.rows, batch.parent_id is None) for batch in left] == [(1, False)]
    assert world.failed() == []


def submit_and_drain(world: World) -> None:
    world.loader.submit(world.sealed())
    world.loader.drain()
