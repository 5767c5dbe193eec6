"""STATE and recognised rows: what comes again is left out, what is new is not (rules 3 and 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from simulation.scene import REFUSED, SETTLED, row, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.scene import Scene

INSERT = {"operation": "insert"}
ONLY_A = schema("A__c", key=None, by="A__c")
ROWS = [row(A__c=str(number)) for number in range(1, 7)]
ALL = [(str(number),) for number in range(1, 7)]


def at(value: Any) -> dict[str, Any]:
    """A STATE as a sorted incremental stream has it."""
    return state(things={"replication_key": "A__c", "replication_key_value": value})


def again(kept: dict[str, Any] | None) -> dict[str, Any]:
    """The first message of a tap built on the SDK: the STATE that it began with."""
    return {"type": "STATE", "value": kept or {"bookmarks": {}}}


def test_rows_at_the_bookmark_are_inserted_once(scene: Callable[..., Scene]) -> None:
    """4.5: a tap that asks for `>=` its bookmark repeats the newest rows in each run."""
    it = scene(**INSERT)
    kept = None
    for first, last in ((1, 3), (3, 3), (3, 4), (4, 4)):
        ended = it.run(again(kept), ONLY_A, *ROWS[first - 1 : last], at(str(last)))
        kept = ended.states[-1]

    assert it.things("A__c") == ALL[:4]


def test_an_idle_upsert_makes_no_job(scene: Callable[..., Scene]) -> None:
    """4.5: the row at the bookmark that comes again unchanged is not sent."""
    it = scene()
    keyed = schema("Key__c", "A__c", by="A__c")
    row_at = row(Key__c="x", A__c="1")

    kept = it.run(again(None), keyed, row_at, at("1")).states[-1]
    for _ in range(3):
        kept = it.run(again(kept), keyed, row_at, at("1")).states[-1]

    assert it.calls("create") == 1


def at_the_end(_: Any, what: str) -> bool:
    """Whether the input has come to its end."""
    return what == "reads the input's end"


def at_the_line(_: Any, what: str) -> bool:
    """Whether a STATE is about to be written."""
    return what == "writes to stdout"


@pytest.mark.parametrize("stop", ["refused", "aborted", "threshold"])
def test_a_stream_that_stopped_goes_on_with_what_is_missing(
    scene: Callable[..., Scene], stop: str
) -> None:
    """3.4: a STATE that keeps the old bookmark releases nothing, so no loaded row comes twice."""
    it = scene(**INSERT, batch_size_rows=2)
    jobs: list[Any] = []
    it.org.on_create = jobs.append
    if stop == "refused":
        it.org.job_fate = lambda job: ("InvalidBatch : made up", 0) if job is jobs[1] else None
    elif stop == "aborted":
        it.org.on_close = lambda job: it.org.abort(job.id) if job is jobs[1] else None
    else:
        it.settings["canary_rows"], it.settings["max_failed_percent"] = 2, 10
        it.fail_once(REFUSED, A__c="2")

    ended = it.run(ONLY_A, *ROWS, at("6"))
    assert ended.code == 1
    it.org.job_fate, it.org.on_close = lambda _: None, lambda _: None
    it.settings.pop("canary_rows", None)
    it.run(again(ended.states[-1] if ended.lines else None), ONLY_A, *ROWS, at("6"))

    failed = [(each.row["A__c"],) for each in it.failed()]
    assert sorted(it.things("A__c") + failed) == ALL


def test_the_state_of_a_stopped_stream_with_another_bookmark_stays(
    scene: Callable[..., Scene],
) -> None:
    """3.3: a bookmark with another name may belong to the stream, so it is held."""
    it = scene(**INSERT)
    it.org.job_fate = lambda _: ("InvalidBatch : made up", 0)

    ended = it.run(ONLY_A, *ROWS, state(**{"public-things": {"replication_key_value": "6"}}))

    assert [each for each in ended.states if "public-things" in each["bookmarks"]] == []


def test_the_states_of_two_tap_streams_of_one_name_stay(scene: Callable[..., Scene]) -> None:
    """3.1: coverage is kept by tap stream, also where a map gives two of them one name."""
    it = scene(**INSERT, batch_size_rows=1)
    it.settings["stream_maps"] = {each: {"__alias__": "things"} for each in ("a", "b")}
    it.org.job_fate = lambda _: ("InvalidBatch : made up", 0)

    ended = it.run(
        schema("A__c", stream="a", key=None),
        schema("A__c", stream="b", key=None),
        row("a", A__c="1"),
        row("b", A__c="2"),
        state(a=1, b=1),
    )

    assert [each for each in ended.states if each["bookmarks"].keys() & {"a", "b"}] == []


def test_a_row_at_the_bookmark_is_left_out_after_a_kill_at_the_next_line(
    scene: Callable[..., Scene],
) -> None:
    """4.5: also if rows come before the first STATE, when a newer bookmark may still be true."""
    it = scene(**INSERT)

    it.run(ONLY_A, ROWS[0], at("1"))
    it.run_until(ONLY_A, *ROWS[:2], at("2"), after=[*SETTLED, "has committed"])
    it.run(ONLY_A, *ROWS[:2], at("2"))

    assert it.things("A__c") == ALL[:2]


@pytest.mark.parametrize("page", [{"things": {}}, {"things": {"since": None}}])
def test_an_opaque_state_without_a_value_covers_nothing(
    scene: Callable[..., Scene], page: dict[str, Any]
) -> None:
    """3.1: a tap cannot resume from a STATE without a position for any stream."""
    it = scene(**INSERT, batch_size_rows=2)
    whole_table, cursors = schema("A__c", key=None), {"cursors": page}

    kept = it.run(whole_table, *ROWS[:3], state(cursors), ROWS[3]).states[-1]
    it.run(again(kept), whole_table, *ROWS[:4], state(cursors))

    assert it.things("A__c") == ALL[:4]


@pytest.mark.parametrize("name", ["db-events", "events"])
def test_a_bookmark_covers_a_stream_without_a_replication_key(
    scene: Callable[..., Scene], name: str
) -> None:
    """3.1: also by another name; rows that it covers are not expected, so new ones are loaded."""
    it = scene(
        streams={"users": {"object": "Parent__c"}, "events": {"object": "Thing__c"}}, **INSERT
    )
    start = (
        schema("A__c", stream="users", key=None, by="A__c"),
        row("users", A__c="a"),
        schema("A__c", stream="events", key=None),
    )
    login, leave = row("events", A__c="login"), row("events", A__c="logout")

    def read_to(position: int) -> dict[str, Any]:
        return state(**{"users": {"replication_key_value": "a"}, name: {"lsn": position}})

    kept = it.run(*start, login, login, read_to(10), leave).states[-1]
    it.run(again(kept), *start, leave, login, read_to(12))

    assert it.things("A__c") == [("login",)] * 3 + [("logout",)]


def test_a_lost_state_line_doubles_nothing_if_the_kept_one_covers_nothing(
    scene: Callable[..., Scene],
) -> None:
    """3.7: a STATE before all others has a number too, which shows the loss."""
    it = scene(**INSERT)

    first, *_ = it.run(at("0"), ONLY_A, *ROWS[:2], at("2")).states
    it.run(again(first), ONLY_A, *ROWS[:2], at("2"))

    assert it.things("A__c") == ALL[:2]


def test_a_tap_that_broke_off_at_a_schema_is_not_at_its_end(scene: Callable[..., Scene]) -> None:
    """3.2: only a STATE as the last message shows that the tap has ended."""
    it = scene(**INSERT)
    whole_table, other = schema("A__c", key=None), schema("A__c", stream="others", key=None)
    loaded = [whole_table, *ROWS[:2], state(things={})]

    kept = it.run(*loaded, other).states[-1]
    it.run(again(kept), *loaded, other, state(things={}, others={}))

    assert it.things("A__c") == ALL[:2]


def test_a_tap_that_has_sent_state_is_not_taken_for_one_that_sends_none(
    scene: Callable[..., Scene],
) -> None:
    """3.2: a tap that sends STATE and broke off before its first one has not come to its end."""
    it = scene(**INSERT)

    it.run_until(ONLY_A, *ROWS[:3], at("3"), after=SETTLED)
    it.run(ONLY_A, *ROWS[:2])
    it.run(ONLY_A, *ROWS[:3], at("3"))

    assert it.things("A__c") == ALL[:3]


def test_a_tap_that_sends_no_state_any_more_has_rows_left_out_once(
    scene: Callable[..., Scene],
) -> None:
    """4.4: it is taken to have broken off; the next run continues it, and no later one."""
    it = scene(**INSERT)
    loaded = [schema("A__c", key=None), *ROWS[:1]]

    it.run(*loaded, state(things={}))
    for _ in range(4):
        it.run(*loaded)

    assert it.things("A__c") == ALL[:1] * 4  # all but those of the third run


def test_a_state_without_bookmarks_waits_for_its_rows_in_a_first_run(
    scene: Callable[..., Scene],
) -> None:
    """3.3: nothing was written before, so nothing can take its place."""
    it = scene(**INSERT, batch_size_rows=2)

    ended = it.run(schema("A__c", key=None), *ROWS[:3], state({"page": 3}))

    assert ended.states
    assert {(each or {}).get("page") for each in ended.states} == {3}


def test_a_lost_bookmark_is_not_written_before_its_rows_are_loaded_again(
    scene: Callable[..., Scene],
) -> None:
    """3.3: after a kill, where a tap starts is unknown unless it says so."""
    it = scene(batch_size_rows=2)
    keyed = schema("Key__c", "A__c", "B__c", by="A__c")
    rows = [row(Key__c=key, A__c=at, B__c=b) for key, at, b in (("y", "2", "b"), ("x", "3", "old"))]
    newest = row(Key__c="x", A__c="4", B__c="new")

    def starts_at(kept: list[Any]) -> str:
        return kept[-1]["bookmarks"]["things"]["replication_key_value"] if kept else "1"

    it.run(keyed, row(Key__c="x", A__c="1"), at("1"))
    out = ["writes to stdout", "has committed"]
    it.run_until(keyed, *rows, newest, at("4"), after=[*SETTLED, *SETTLED, *out])  # but it was lost
    kept = it.run_until(keyed, *rows, newest, at("4"), after=SETTLED).states
    again = [*rows, newest] if starts_at(kept) == "1" else [newest]
    it.run(keyed, *again, at("4"))

    assert ("x", "new") in it.things("Key__c", "B__c")


@pytest.mark.parametrize(
    "broken",
    [
        [at("0"), ONLY_A],
        [at("0"), ONLY_A, *ROWS[:2], at("2")],
        [at("0"), ONLY_A, at("0")],
    ],
    ids=["after SCHEMA", "after a STATE in mid-stream", "an empty run with the old bookmark"],
)
def test_a_tap_that_breaks_off_forgets_nothing(
    scene: Callable[..., Scene], broken: list[dict[str, Any]]
) -> None:
    """4.1: rows are remembered until they are covered, whatever a broken tap sends meanwhile."""
    it = scene(**INSERT, batch_size_rows=2)

    it.run_until(at("0"), ONLY_A, *ROWS, at("6"), after=SETTLED * 3)
    ended = it.run(*broken)
    done = int(ended.states[-1]["bookmarks"]["things"]["replication_key_value"])
    it.run(again(ended.states[-1]), ONLY_A, *ROWS[max(done - 1, 0) :], at("6"))

    assert it.things("A__c") == ALL


def test_a_tap_that_breaks_off_within_the_rows_at_its_bookmark(
    scene: Callable[..., Scene],
) -> None:
    """4.1, 4.5: rows of that value which it has not reached again are remembered."""
    it = scene(**INSERT)
    keyless = schema("A__c", "B__c", key=None, by="B__c")
    first, second = row(A__c="x", B__c="1"), row(A__c="y", B__c="1")

    kept = it.run(keyless, first, at("1"), second).states[-1]
    kept = it.run(again(kept), keyless, first, at("1")).states[-1]
    it.run(again(kept), keyless, first, second, at("1"))

    assert it.things("A__c") == [("x",), ("y",)]


def test_rows_after_the_last_bookmark_are_remembered(scene: Callable[..., Scene]) -> None:
    """3.2: the tap broke off at a STATE that another stream has made newer."""
    it = scene(**INSERT)
    keyless = schema("A__c", "B__c", key=None, by="B__c")
    first, second = row(A__c="x", B__c="1"), row(A__c="y", B__c="2")
    other = {"others": {"replication_key_value": 1}}
    there = at("1")["value"]["bookmarks"]

    it.run(keyless, first, state(**there), second, state(**there, **other))
    it.run(keyless, second, at("2"))

    assert it.things("A__c") == [("x",), ("y",)]


def test_equal_rows_with_a_state_between_them_are_counted(scene: Callable[..., Scene]) -> None:
    """4.1: each is left out as often as it was loaded."""
    it = scene(**INSERT)
    like = schema("A__c", "B__c", key=None, by="B__c")
    rows = [row(A__c="x", B__c="1")] * 2

    it.run_until(like, *rows, state(things={"n": 2}), after=SETTLED)
    it.run(like, rows[0], state(things={"n": 1}), 60, rows[1], state(things={"n": 2}))

    assert it.things("A__c") == [("x",)] * 2


def test_rows_before_an_unfinished_bookmark_are_remembered(scene: Callable[..., Scene]) -> None:
    """3.1: `progress_markers` cover nothing, so the tap begins again and nothing is doubled."""
    it = scene(**INSERT, max_batch_age_seconds=10)
    marked = state(things={"progress_markers": {"replication_key_value": "6"}})

    it.run_until(ONLY_A, *ROWS, marked, 60, at("6"), after=["has written to stdout"])
    it.run(ONLY_A, *ROWS, at("6"))

    assert it.things("A__c") == ALL


def test_rows_before_an_unchanged_bookmark_are_remembered(scene: Callable[..., Scene]) -> None:
    """3.1: a full-table stream's bookmark says nothing; its rows come again after a kill."""
    it = scene(**INSERT, batch_size_rows=2)
    same = state(things={})

    it.run(same, ONLY_A, *ROWS[:4], same, ROWS[4], 60, ROWS[5], crash_when=at_the_end)
    it.run(same, ONLY_A, *ROWS, same)

    assert it.things("A__c") == ALL


def test_a_state_that_was_never_written_covers_no_row_that_came_again(
    scene: Callable[..., Scene],
) -> None:
    """3.7: a row that was left out once is left out again, also before the first STATE comes."""
    it = scene(**INSERT)
    it.run_until(ONLY_A, *ROWS, at("6"), after=SETTLED)
    killed = it.run(ONLY_A, *ROWS, at("6"), crash_when=at_the_line)
    assert (killed.code, killed.lines) == (None, [])

    it.run(ONLY_A, *ROWS, at("6"))

    assert it.things("A__c") == ALL


def test_equal_new_rows_are_loaded_after_a_kill_at_the_line(scene: Callable[..., Scene]) -> None:
    """3.7: the number that came back says that the STATE was kept, so its rows are covered."""
    it = scene(**INSERT)
    like = schema("A__c", "B__c", key=None)
    equal = row(A__c="x", B__c="x")
    kept = it.run(again(None), like, row(A__c="0"), state(things={"n": 0})).states[-1]

    line = "has written to stdout"
    killed = it.run_until(again(kept), like, equal, state(things={"n": 1}), after=[line, line])
    assert killed.states[-1]["bookmarks"]["things"] == {"n": 1}
    it.run(again(killed.states[-1]), like, equal, state(things={"n": 2}))

    assert it.things("A__c") == [("0",), ("x",), ("x",)]


def test_a_lost_last_line_doubles_nothing(scene: Callable[..., Scene]) -> None:
    """3.7: a number lower than the newest says which rows come again."""
    it = scene(**INSERT)
    kept = it.run(again(None), ONLY_A, ROWS[0], at("1")).states[-1]

    it.run(again(kept), ONLY_A, *ROWS, at("6"))  # its last line reaches nobody
    it.run(again(kept), ONLY_A, *ROWS, at("6"))

    assert it.things("A__c") == ALL


def test_a_tap_without_state_is_loaded_whole_after_a_crash(scene: Callable[..., Scene]) -> None:
    """4.4: the run after a crash continues it, and the one after that starts fresh."""
    it = scene(**INSERT, batch_size_rows=2)

    it.run_until(ONLY_A, *ROWS, after=["is answered: download failedResults"])
    it.run(ONLY_A, *ROWS)
    assert it.things("A__c") == ALL
    it.run(ONLY_A, *ROWS)

    assert it.things("A__c") == sorted(ALL * 2)


def test_resent_rows_are_not_remembered(scene: Callable[..., Scene]) -> None:
    """4.2: the tap does not send them again, so equal ones that come are new."""
    it = scene(**INSERT)
    it.org.fate = lambda *_: REFUSED
    like = [ONLY_A, *[row(A__c="x")] * 3]

    it.run(*like, at("1"))
    it.org.fate = lambda *_: ""
    it.retry_failed_until(after=SETTLED)
    it.run(*like, at("2"))

    assert it.things("A__c") == [("x",)] * 6
    assert it.failed() == []


def test_a_new_column_after_a_crash_is_no_obstacle(scene: Callable[..., Scene]) -> None:
    """4.1: rows are recognised by their non-empty cells, so a wider schema does not matter."""
    it = scene(**INSERT)
    wider = schema("A__c", "B__c", key=None, by="A__c")

    it.run_until(ONLY_A, *ROWS, at("6"), after=SETTLED)
    ended = it.run(wider, *ROWS, at("6"))

    assert (ended.code, it.things("A__c")) == (0, ALL)


def test_a_finished_stream_holds_no_other_back(scene: Callable[..., Scene]) -> None:
    """3.3: each stream has its newest safe bookmark in STATE while reading goes on."""
    it = scene(
        streams={"small": {"object": "Parent__c"}, "big": {"object": "Thing__c"}},
        batch_size_rows=2,
    )
    big = [
        message
        for number in range(1, 7)
        for message in (row("big", Key__c=str(number)), state(small=1, big=number), 30)
    ]

    ended = it.run(
        schema("Key__c", stream="small"),
        row("small", Key__c="s"),
        schema("Key__c", stream="big"),
        *big,
        crash_when=at_the_end,
    )

    bookmarks = ended.states[-1]["bookmarks"]
    assert (bookmarks["big"], bookmarks.get("small")) == (4, None)


def test_a_row_without_its_parent_holds_no_other_stream_back(scene: Callable[..., Scene]) -> None:
    """3.3: nor does a stream wait whose rows wait for parents."""
    kids = {"object": "Thing__c", "field_mapping": {"Parent": "Parent__r.Key__c"}}
    it = scene(streams={"kids": kids, "big": {"object": "Parent__c"}}, batch_size_rows=1)
    big = [
        message
        for number in range(1, 4)
        for message in (row("big", Key__c=str(number)), state(kids=1, big=number), 30)
    ]

    ended = it.run(
        schema("Key__c", "Parent", stream="kids"),
        row("kids", Key__c="k", Parent="nobody"),
        schema("Key__c", stream="big"),
        *big,
        crash_when=at_the_end,
    )

    bookmarks = ended.states[-1]["bookmarks"]
    assert (bookmarks["big"], bookmarks.get("kids")) == (2, None)


def test_a_batch_is_sealed_by_age_while_nothing_comes(scene: Callable[..., Scene]) -> None:
    """3.5: an idle tap does not hold STATE back."""
    it = scene(max_batch_age_seconds=10)

    ended = it.run(
        schema("Key__c"),
        row(Key__c="x"),
        state(things=1),
        3600,
        crash_when=at_the_end,
    )

    assert ended.states[-1]["bookmarks"]["things"] == 1
