"""Jobs and results: nothing is sent twice, and what is unknown is named (rules 5 and 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from simulation.org import Fault
from simulation.scene import LOCKED, REFUSED, row, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.org import Request
    from simulation.scene import Scene

ONLY_A = schema("A__c", key=None)
INSERT = {"operation": "insert"}
ROWS = [row(A__c=str(number)) for number in range(6)]
ALL = [(str(number),) for number in range(6)]


def once(name: str, fault: Fault) -> Callable[[Request], Fault | None]:
    """A fault of the first request of a name."""
    left = [fault]
    return lambda request: left.pop() if left and request.name == name else None


def uncertain(it: Scene, name: str) -> list[str]:
    """The cells of the rows whose outcome is said to be uncertain."""
    return sorted(each.row[name] for each in it.failed() if each.kind == "uncertain")


def test_a_close_that_takes_effect_late_doubles_nothing(scene: Callable[..., Scene]) -> None:
    """5.1: an abort is believed only by its answer; a job that was closed is settled."""
    it = scene(**INSERT)
    it.org.queue_seconds, it.org.chunk_seconds = lambda: 0.001, lambda: 0.1
    it.org.faults = once("close", Fault("late", seconds=0.015))

    it.run(ONLY_A, *ROWS, state(things=1))

    assert sorted(it.things("A__c") + [(each.row["A__c"],) for each in it.failed()]) == ALL


def test_a_closed_job_that_was_purged_is_uncertain(scene: Callable[..., Scene]) -> None:
    """5.1: what a job did that was being closed and is gone is unknown."""
    it = scene(**INSERT)
    messages = (ONLY_A, *ROWS, state(things=1))

    it.run_until(*messages, after=["is answered: close"])
    it.org.catch_up(to_the_end=True)
    it.org.remove(next(iter(it.org.jobs)))
    it.run(*messages)

    assert it.things("A__c") == ALL
    assert uncertain(it, "A__c") == [text for (text,) in ALL]


@pytest.mark.parametrize("lie", ["counts of 0", "a row in two files", "a success is missing"])
def test_contradictory_answers_double_nothing(scene: Callable[..., Scene], lie: str) -> None:
    """5.3: rows are sent again only where nothing contradicts that they were not loaded."""
    it = scene(**INSERT)
    it.org.on_create = lambda job: setattr(job, "lies", frozenset({lie}))

    it.run(ONLY_A, *ROWS, state(things=1))

    assert it.things("A__c") == ALL


def test_a_failed_job_with_counts_of_0_doubles_nothing(scene: Callable[..., Scene]) -> None:
    """5.3: its results say that rows were loaded, so no row is known to be unprocessed."""
    it = scene(**INSERT)
    it.org.on_create = lambda job: setattr(job, "lies", frozenset({"counts of 0"}))
    it.org.job_fate = lambda _: ("InternalServerError : try again", 6)

    it.run(ONLY_A, *ROWS, state(things=1))

    assert it.things("A__c") == ALL


def test_rows_that_differ_below_a_second_are_not_confused(scene: Callable[..., Scene]) -> None:
    """5.4: which of several like rows failed is uncertain where the echo lost the difference."""
    it = scene(**INSERT)
    it.fail_once(LOCKED, Seen__c="2026-03-01T00:00:00.900Z")
    seen = schema("A__c", "Seen__c", key=None)

    it.run(
        seen,
        row(A__c="a", Seen__c="2026-03-01T00:00:00.100Z"),
        row(A__c="a", Seen__c="2026-03-01T00:00:00.900Z"),
        state(things=1),
    )

    in_org = [moment.microsecond for (moment,) in it.things("Seen__c")]
    assert in_org == [100_000]
    assert len(uncertain(it, "Seen__c")) == 2


def test_rows_wait_for_their_parents_again_after_a_crash(scene: Callable[..., Scene]) -> None:
    """5.5: a run that resumes sends waiting children once their parents are loaded."""
    it = scene(
        streams={"kids": {"object": "Thing__c"}, "folks": {"object": "Parent__c"}},
        batch_size_rows=1,
        max_batch_age_seconds=10,
        field_mapping={"Parent": "Parent__r.Key__c"},
    )
    it.settings["streams"]["kids"]["field_mapping"] = it.settings.pop("field_mapping")
    kids = schema("Key__c", "Parent", stream="kids")
    folks = schema("Key__c", stream="folks")
    child, parent = row("kids", Key__c="k", Parent="p"), row("folks", Key__c="p")
    settled: list[str] = []

    def waiting(_: Any, what: str) -> bool:
        settled.append(what)
        return "is answered: download failedResults" in settled and what == "reads the input's end"

    it.run(kids, child, 60, folks, state(kids=1), crash_when=waiting)
    assert it.failed() == []
    it.run(kids, child, folks, parent, state(kids=1, folks=1))

    assert len(it.things("Parent__c")) == 1
    assert it.things("Parent__c") != [(None,)]
    assert it.failed() == []


def test_failures_that_a_resumed_run_settles_count(scene: Callable[..., Scene]) -> None:
    """5.5: they pass a threshold like any other."""
    it = scene(max_failed_rows=0)
    it.fail_once(REFUSED, Key__c="x")
    keyed = schema("Key__c", "A__c")

    it.run_until(keyed, row(Key__c="x", A__c="1"), state(things=1), after=["is answered: close"])
    ended = it.run(keyed, state(things=1))

    assert ([each.row["Key__c"] for each in it.failed()], ended.code) == (["x"], 1)


@pytest.mark.parametrize("kind", ["unavailable", "lost before", "lost after"])
def test_a_create_that_is_never_answered_ends(scene: Callable[..., Scene], kind: str) -> None:
    """5.2: it is sent `request_attempts` times in total, with waits; then the stream stops."""
    it = scene()
    it.org.faults = lambda request: Fault(kind) if request.name == "create" else None

    ended = it.run(schema("Key__c"), row(Key__c="x"), state(things=1))

    assert (ended.code, ended.lines, it.calls("create")) == (1, [], 6)
    assert it.clock.now > 0.5


def test_a_wake_up_is_never_lost(scene: Callable[..., Scene]) -> None:
    """6: a batch whose wait ends between two looks at the clock is still taken."""
    for halves in range(1, 12):
        it = scene(max_concurrent_jobs=1, row_retry_wait_seconds=halves / 2000)
        it.clock.creep = (0.001,)
        it.fail_once(LOCKED)

        it.run(schema("Key__c"), row(Key__c="x"), state(things=1))

        assert it.things("Key__c") == [("x",)]


@pytest.mark.parametrize("seed", range(5))
def test_no_job_starts_once_too_many_requests_are_used(
    scene: Callable[..., Scene], seed: int
) -> None:
    """Jobs that were started are settled; the next run loads the rest, and nothing twice."""
    it = scene(seed=seed, **INSERT, batch_size_rows=1)
    it.org.usage = lambda: (91 if it.calls("close") > 1 else 10, 100)
    messages = (ONLY_A, *ROWS, state(things=1))

    stopped = it.run(*messages)
    first = it.things("A__c")
    jobs = [job.state for job in it.org.jobs.values()]
    it.org.usage = lambda: (10, 100)
    again = it.run(*messages)

    assert (stopped.code, stopped.lines, again.code) == (1, [], 0)
    assert set(jobs) == {"JobComplete"}
    assert 2 <= len(first) == len(jobs) <= 3
    assert it.things("A__c") == ALL


@pytest.mark.parametrize("name", ["create", "upload", "close", "get", "download failedResults"])
def test_a_day_that_is_used_up_doubles_nothing(scene: Callable[..., Scene], name: str) -> None:
    """From one request on, all are refused; the next run loads what is left."""
    it = scene(**INSERT, batch_size_rows=2)
    reached: list[Request] = []

    def used_up(request: Request) -> Fault | None:
        if request.name == name:
            reached.append(request)
        return Fault("used up") if len(reached) > 1 else None

    it.org.faults = used_up
    messages = (ONLY_A, *ROWS, state(things=1))

    stopped = it.run(*messages)
    it.org.faults = lambda _: None
    again = it.run(*messages)

    assert (stopped.code, again.code, it.things("A__c")) == (1, 0, ALL)
