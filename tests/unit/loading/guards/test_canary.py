"""Which batches are canaries, and how large they are."""

from __future__ import annotations

from sample_batches import make_batch, make_plan

from target_salesforce_bulk.loading.guards.canary import Canaries

PEOPLE = [make_batch(id=number) for number in (1, 2)]
USERS = [make_batch(id=number, plan=make_plan(stream="users")) for number in (3, 4)]


def opened(rows: int | None) -> Canaries:
    canaries = Canaries(rows)
    for batch in [PEOPLE[0], USERS[0], PEOPLE[1], USERS[1]]:
        canaries.opened(batch)
    return canaries


def test_the_first_batch_of_each_stream_is_a_canary() -> None:
    """No later batch is one."""
    canaries = opened(100)

    assert [batch.id for batch in PEOPLE + USERS if batch in canaries] == [1, 3]


def test_only_a_canary_is_limited() -> None:
    """To its rows, or to the general limit if that is lower."""
    canaries = opened(100)
    limits = [canaries.row_limit(batch, 1000) for batch in PEOPLE]

    assert limits == [100, 1000]
    assert canaries.row_limit(PEOPLE[0], 10) == 10


def test_without_canaries() -> None:
    """No batch is one, and none is limited."""
    canaries = opened(None)

    assert [batch for batch in PEOPLE + USERS if batch in canaries] == []
    assert canaries.row_limit(PEOPLE[0], float("inf")) == float("inf")
