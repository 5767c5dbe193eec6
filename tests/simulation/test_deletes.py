"""A stream that would delete too much is stopped before it deletes anything, and loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from simulation.scene import LOCKED, row, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.scene import Scene

HEAD = schema("Key__c", "A__c", "_sdc_deleted_at")
KEYS = ["a", "b", "c", "d"]
#: The step after which the outcome of a batch is stored.
RESULTS = "is answered: download unprocessedrecords"


def gone(key: str) -> dict[str, Any]:
    return row(Key__c=key, _sdc_deleted_at="2026-03-01T00:00:00Z")


def filled(scene: Callable[..., Scene], **settings: Any) -> Scene:
    """A scene whose org has four things, and whose batches take one row each."""
    it = scene(deletes="delete", batch_size_rows=1, **settings)
    it.run(HEAD, *(row(Key__c=key, A__c="1") for key in KEYS), state(things=1))
    return it


def keys(it: Scene) -> list[str]:
    return [key for (key,) in it.things("Key__c")]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_deleted_when_the_sum_is_too_much(
    scene: Callable[..., Scene], seed: int
) -> None:
    """Whatever batches they are in; STATE stays, and a run with a higher limit deletes them all."""
    it = filled(scene, seed=seed)
    it.settings["max_deletes"] = 3
    stopped = it.run(HEAD, *map(gone, KEYS), row(Key__c="e", A__c="1"), state(things=2))
    left = keys(it)
    del it.settings["max_deletes"]
    again = it.run(HEAD, *map(gone, KEYS), row(Key__c="e", A__c="1"), state(things=2))

    assert (stopped.code, left) == (1, KEYS)
    assert [each["bookmarks"].get("things") for each in stopped.states] in ([], [1])
    assert (again.code, keys(it)) == (0, ["e"])
    assert again.states[-1]["bookmarks"]["things"] == 2


def test_as_many_as_are_allowed_are_deleted(scene: Callable[..., Scene]) -> None:
    """In their order with what is written."""
    it = filled(scene)
    it.settings["max_deletes"] = 4
    rows = [gone("a"), row(Key__c="a", A__c="2"), gone("b"), gone("a"), row(Key__c="b", A__c="3")]
    ended = it.run(HEAD, *rows, state(things=2))

    assert (ended.code, it.things("Key__c", "A__c")) == (0, [("b", "3"), ("c", "1"), ("d", "1")])


def test_what_was_held_when_a_run_was_killed_comes_again(scene: Callable[..., Scene]) -> None:
    """It has never been sent, so it counts once."""
    it = filled(scene)
    it.settings["max_deletes"] = 2
    it.run_until(HEAD, gone("a"), gone("b"), state(things=2), after=["asks: query"])
    ended = it.run(HEAD, gone("a"), gone("b"), state(things=2))

    assert (ended.code, keys(it)) == (0, ["c", "d"])


def test_jobs_of_a_killed_run_count(scene: Callable[..., Scene]) -> None:
    """What it had begun to delete counts in the run that settles it."""
    it = filled(scene, max_deletes=3)
    it.settings["batch_size_rows"] = 2
    it.run_until(HEAD, gone("a"), gone("b"), after=["is answered: close"])
    ended = it.run(HEAD, gone("c"), gone("d"), state(things=2))

    assert (ended.code, keys(it)) == (1, ["c", "d"])


@pytest.mark.parametrize("commits", range(1, 4))
def test_rows_that_a_killed_run_was_to_send_again_count(
    scene: Callable[..., Scene], commits: int
) -> None:
    """They are stored if they would be too many, and `failed retry` sends them."""
    it = filled(scene)
    it.settings["batch_size_rows"] = 2
    it.org.fate = lambda job, _: LOCKED if job.operation == "delete" else ""
    it.run_until(HEAD, gone("a"), gone("b"), after=[RESULTS, *["has committed"] * commits])
    it.org.fate = lambda *_: ""
    it.settings["max_deletes"] = 1
    ended = it.run(HEAD, state(things=2))
    stored, left = len(it.failed()), keys(it)
    del it.settings["max_deletes"]
    it.retry_failed()

    assert (ended.code, stored, left) == (1, 2, KEYS)
    assert (it.failed(), keys(it)) == ([], ["c", "d"])


def test_failed_deletes_that_are_sent_again_count(scene: Callable[..., Scene]) -> None:
    """If they are too many, none is sent, and all stay stored."""
    it = filled(scene)
    it.settings["row_retries"] = 0
    it.org.fate = lambda job, _: LOCKED if job.operation == "delete" else ""
    it.run(HEAD, *map(gone, KEYS), state(things=2))
    it.org.fate = lambda *_: ""
    it.settings["max_deletes"] = 3
    it.retry_failed()
    stored, left = len(it.failed()), keys(it)
    it.settings["max_deletes"] = 4
    it.retry_failed()

    assert (stored, left) == (4, KEYS)
    assert (it.failed(), keys(it)) == ([], [])


def test_retries_within_a_run_count_once(scene: Callable[..., Scene]) -> None:
    """A row that waits for a lock is still one delete."""
    it = filled(scene)
    it.settings["max_deletes"] = 4
    tried: set[str] = set()

    def fate(job: Any, outcome: Any) -> str:
        first = job.operation == "delete" and outcome.row["Id"] not in tried
        tried.add(outcome.row.get("Id", ""))
        return LOCKED if first else ""

    it.org.fate = fate
    ended = it.run(HEAD, *map(gone, KEYS), state(things=2))

    assert (ended.code, keys(it), len(tried)) == (0, [], 4)


def test_deletes_do_not_wait_for_ever(scene: Callable[..., Scene]) -> None:
    """While the tap sends more, they wait as long as a batch may fill; then STATE advances, too."""
    it = filled(scene)
    it.settings |= {"max_deletes": 3, "max_batch_age_seconds": 60}
    more = (gone("a"), gone("b"), state(things=2), 300, gone("c"), gone("d"), state(things=3))
    ended = it.run(HEAD, *more)

    assert (ended.code, keys(it)) == (1, ["c", "d"])
    assert ended.states[-1]["bookmarks"]["things"] == 2


def test_deletes_do_not_wait_where_there_is_no_space(scene: Callable[..., Scene]) -> None:
    """Reading goes on; what comes after is still counted with them."""
    it = filled(scene)
    it.settings |= {"max_deletes": 3, "max_spool_bytes": 10}
    ended = it.run(HEAD, *map(gone, KEYS), state(things=2))

    assert (ended.code, keys(it)) == (1, ["d"])


@pytest.mark.parametrize(("records", "code", "left"), [(110, 0, 99), (109, 1, 109), (99, 0, 88)])
def test_the_default_is_a_tenth_of_the_object(
    scene: Callable[..., Scene], records: int, code: int, left: int
) -> None:
    """Of an object with at least 100 records."""
    it = scene(deletes="delete")
    names = [f"k{number}" for number in range(records)]
    it.run(HEAD, *(row(Key__c=name, A__c="1") for name in names), state(things=1))
    ended = it.run(HEAD, *map(gone, names[:11]), state(things=2))

    assert (ended.code, len(keys(it)), it.calls("count")) == (code, left, 1)
