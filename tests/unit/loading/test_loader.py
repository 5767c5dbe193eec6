"""Workers load what is queued, and their errors reach the reading thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.errors import SalesforceBulkError, StateDirectoryError

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


def submit_and_drain(world: World) -> None:
    world.loader.submit(world.sealed())
    world.loader.drain()
