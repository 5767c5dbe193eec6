"""Order and identity: the org ends as if the rows had been applied one by one (rules 2 and 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from simulation.scene import LOCKED, REFUSED, SETTLED, row, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.scene import Scene

KEY_A = schema("Key__c", "A__c")
KEY_AB = schema("Key__c", "A__c", "B__c")
DELETES = {"deletes": "delete"}
LONG = "x" * 300


def gone(key: str) -> dict[str, Any]:
    """A RECORD that says that its record was deleted in the source."""
    return row(Key__c=key, _sdc_deleted_at="2026-03-01T00:00:00Z")


def two_streams(**second: Any) -> dict[str, Any]:
    """Settings of two streams that go to one object."""
    return {"a": {"object": "Thing__c"}, "b": {"object": "Thing__c"} | second}


def test_a_retry_outlives_another_streams_row_of_the_same_text(scene: Callable[..., Scene]) -> None:
    """2.2: key texts of two key fields are two identities, so a waiting row is still sent."""
    it = scene(streams=two_streams(external_id_field="Other__c"), batch_size_rows=1)
    it.fail_once(LOCKED, Key__c="x")

    it.run(
        schema("Key__c", "A__c", stream="a"),
        row("a", Key__c="x", A__c="1"),
        schema("Other__c", "A__c", stream="b", key="Other__c"),
        row("b", Other__c="x", A__c="2"),
        state(a=1, b=1),
    )

    assert it.things("Key__c", "Other__c", "A__c") == [("x", None, "1"), (None, "x", "2")]
    assert it.failed() == []


def test_a_failed_row_outlives_another_streams_row_of_the_same_text(
    scene: Callable[..., Scene],
) -> None:
    """2.3: also across runs, a stored failed row is named until its own identity is written."""
    it = scene(streams=two_streams(external_id_field="Other__c"))
    it.fail_once(REFUSED, Key__c="x")

    it.run(schema("Key__c", "A__c", stream="a"), row("a", Key__c="x", A__c="1"), state(a=1))
    it.run(
        schema("Other__c", "A__c", stream="b", key="Other__c"),
        row("b", Other__c="x", A__c="2"),
        state(a=1, b=1),
    )

    assert [each.row["A__c"] for each in it.failed()] == ["1"]


def test_a_retry_loses_only_the_cells_that_were_written_since(scene: Callable[..., Scene]) -> None:
    """2.2: a waiting row is sent without the cells of newer rows, but with its others."""
    it = scene(streams=two_streams())
    it.fail_once(LOCKED, Key__c="x", A__c="1")
    it.run(
        schema("Key__c", "A__c", "B__c", stream="a"),
        row("a", Key__c="x", A__c="1", B__c="1"),
        schema("Key__c", "A__c", stream="b"),
        row("b", Key__c="x", A__c="2"),
        state(a=1, b=1),
    )

    assert it.things("Key__c", "A__c", "B__c") == [("x", "2", "1")]


def test_an_older_rows_success_keeps_the_newer_failed_one(scene: Callable[..., Scene]) -> None:
    """2.3: a row that our own checks refused stays listed when an older one loads on its retry."""
    it = scene(batch_size_rows=1)
    it.fail_once(LOCKED, Key__c="x")

    it.run(KEY_A, row(Key__c="x", A__c="1"), row(Key__c="x", A__c=LONG), state(things=1))

    assert it.things("A__c") == [("1",)]
    assert [each.row["A__c"] for each in it.failed()] == [LONG]


def test_a_refused_row_stays_listed_beside_an_older_one_of_its_batch(
    scene: Callable[..., Scene],
) -> None:
    """2.3: within one batch the position decides, also after a failure of the key."""
    it = scene()
    it.fail_once(REFUSED, A__c="0")

    it.run(KEY_A, row(Key__c="x", A__c="0"), state(things=1))
    it.run(KEY_A, row(Key__c="x", A__c="1"), row(Key__c="x", A__c=LONG), state(things=2))

    assert [each.row["A__c"] for each in it.failed()] == [LONG]


def test_a_refused_row_is_gone_when_a_newer_one_of_its_batch_loads(
    scene: Callable[..., Scene],
) -> None:
    """2.3: nothing is left of it, so it needs no attention."""
    it = scene()

    it.run(KEY_A, row(Key__c="x", A__c=LONG), row(Key__c="x", A__c="1"), state(things=1))

    assert it.things("A__c") == [("1",)]
    assert it.failed() == []


def test_a_schema_change_does_not_change_the_order(scene: Callable[..., Scene]) -> None:
    """2.4: what was read before a SCHEMA is sealed before what comes after it."""
    it = scene(batch_size_rows=2)

    it.run(
        KEY_A,
        row(Key__c="x", A__c="old"),
        KEY_AB,
        row(Key__c="x", A__c="new", B__c="1"),
        row(Key__c="y", A__c="new", B__c="1"),
        row(Key__c="z", A__c="new", B__c="1"),
        state(things=1),
    )

    assert it.things("Key__c", "A__c") == [("x", "new"), ("y", "new"), ("z", "new")]


def test_a_delete_holds_against_a_waiting_row_of_a_batch_that_was_opened_after_its_own(
    scene: Callable[..., Scene],
) -> None:
    """2.5: a batch of deletes that a newer batch of writes follows takes no more rows."""
    it = scene(**DELETES)
    it.fail_once(LOCKED, Key__c="x")

    it.run(KEY_A, gone("y"), row(Key__c="x", A__c="1"), gone("x"), state(things=1))

    assert it.things("Key__c") == []


def test_a_delete_before_a_schema_change_is_not_the_last_word(scene: Callable[..., Scene]) -> None:
    """2.4: a record that is written again after the SCHEMA stays."""
    it = scene(batch_size_rows=2, **DELETES)
    it.run(KEY_A, row(Key__c="x", A__c="0"), state(things=1))

    it.run(
        KEY_A,
        gone("x"),
        KEY_AB,
        row(Key__c="x", A__c="1", B__c="1"),
        row(Key__c="y", A__c="1", B__c="1"),
        row(Key__c="z", A__c="1", B__c="1"),
        state(things=2),
    )

    assert it.things("Key__c", "A__c") == [("x", "1"), ("y", "1"), ("z", "1")]


def test_a_key_that_was_deleted_is_written_again(scene: Callable[..., Scene]) -> None:
    """2.1: a write after a delete goes in a later job, also where the delete began a new batch."""
    it = scene(batch_size_rows=2, **DELETES)
    it.run(KEY_A, *[row(Key__c=key, A__c="0") for key in "xyz"], state(things=1))

    it.run(KEY_A, gone("x"), gone("y"), gone("z"), row(Key__c="z", A__c="1"), state(things=2))

    assert it.things("Key__c", "A__c") == [("z", "1")]


def test_a_delete_supersedes_the_write_that_waits(scene: Callable[..., Scene]) -> None:
    """2.2: a delete that finds nothing ends an upsert that waits for its retry, and is loaded."""
    it = scene(batch_size_rows=1, **DELETES)
    it.fail_once(LOCKED, Key__c="x")

    it.run(KEY_A, row(Key__c="x", A__c="1"), gone("x"), state(things=1))

    assert it.things("Key__c") == []
    assert it.failed() == []


def test_a_replayed_upsert_and_delete_end_deleted(scene: Callable[..., Scene]) -> None:
    """4.3: deletes are sent again after a kill, and not found then counts as loaded."""
    it = scene(**DELETES)
    messages = (KEY_A, row(Key__c="x", A__c="1"), gone("x"), state(things=1))

    it.run_until(*messages, after=SETTLED * 2)
    it.run(*messages)

    assert it.things("Key__c") == []
    assert it.failed() == []


def test_partial_records_of_one_key_are_merged(scene: Callable[..., Scene]) -> None:
    """2.1: the later cell wins, and a cell that only the earlier row has stays."""
    it = scene()

    it.run(
        KEY_AB,
        row(Key__c="x", A__c="1"),
        row(Key__c="x", B__c="2"),
        state(things=1),
    )

    assert it.things("Key__c", "A__c", "B__c") == [("x", "1", "2")]


def test_keys_that_differ_in_outer_blanks_are_one_identity(scene: Callable[..., Scene]) -> None:
    """1: Salesforce trims what it saves, so both rows belong to one record."""
    it = scene()

    it.run(KEY_A, row(Key__c="x", A__c="1"), row(Key__c="x ", A__c="2"), state(things=1))

    assert it.things("Key__c", "A__c") == [("x", "2")]
    assert it.failed() == []


def numbered(at: int, **cells: str) -> dict[str, Any]:
    """A RECORD with its place in the replication key."""
    return row(**cells) | {"record": {**cells, "Rk": at}}


def deleted(at: int, key: str) -> dict[str, Any]:
    """A RECORD that says that its record was deleted, with its place in the replication key."""
    found = gone(key)
    return found | {"record": {**found["record"], "Rk": at}}


def at(value: int) -> dict[str, Any]:
    """A STATE with a bookmark."""
    return state(things={"replication_key": "Rk", "replication_key_value": value})


BY_RK = schema("Key__c", "A__c", by="Rk")


def test_what_is_written_after_a_delete_at_the_bookmark_is_written_again(
    scene: Callable[..., Scene],
) -> None:
    """4.5: a row that comes again after a delete of its record is not left out."""
    it = scene(deletes="delete")
    messages = (BY_RK, deleted(1, "x"), numbered(1, Key__c="x", A__c="1"), at(1))

    it.run(*messages)
    it.run(*messages)

    assert it.things("Key__c", "A__c") == [("x", "1")]


def test_a_value_that_comes_back_at_the_bookmark_is_loaded(scene: Callable[..., Scene]) -> None:
    """4.5: a row is left out only if it is the last that was loaded of its record."""
    it = scene()
    for value in ("1", "2", "1"):
        it.run(BY_RK, numbered(1, Key__c="x", A__c=value), at(1))

    assert it.things("Key__c", "A__c") == [("x", "1")]


def test_a_delete_at_the_bookmark_is_left_out(scene: Callable[..., Scene]) -> None:
    """4.5: a delete that comes again is not stored as failed because its record is gone."""
    it = scene(deletes="delete")
    it.run(BY_RK, numbered(1, Key__c="x", A__c="1"), at(1))
    for _ in range(2):
        it.run(BY_RK, deleted(2, "x"), at(2))

    assert it.things("Key__c") == []
    assert it.failed() == []


def test_a_refused_row_at_the_bookmark_stays_listed(scene: Callable[..., Scene]) -> None:
    """2.3: a refused row comes again after an older one of its record, which is loaded again."""
    it = scene()
    for _ in range(2):
        it.run(BY_RK, numbered(1, Key__c="x", A__c="1"), numbered(1, Key__c="x", A__c=LONG), at(1))

    assert [each.row["A__c"] for each in it.failed()] == [LONG]


def test_a_refused_row_after_a_delete_stays_listed(scene: Callable[..., Scene]) -> None:
    """2.1: a row that is refused after its record was deleted is newer than the delete."""
    it = scene(deletes="delete")
    it.run(KEY_A, row(Key__c="y", A__c="1"), gone("x"), row(Key__c="x", A__c=LONG), state(things=1))

    assert [each.row.get("A__c") for each in it.failed() if each.code != "NOT_FOUND"] == [LONG]


def test_a_row_of_another_stream_is_newer_than_the_batch_that_was_opened_before(
    scene: Callable[..., Scene],
) -> None:
    """2.2: a row goes to a batch that was opened after the one of an older row of its record."""
    it = scene(streams=two_streams(), row_retry_wait_seconds=60)
    it.fail_once(LOCKED, Key__c="x", A__c="1")
    it.run(
        schema("Key__c", "A__c", stream="a"),
        schema("Key__c", "A__c", stream="b"),
        row("a", Key__c="y", A__c="0"),
        row("b", Key__c="x", A__c="1"),
        row("a", Key__c="x", A__c="2"),
        state(a=1, b=1),
    )

    assert it.things("Key__c", "A__c") == [("x", "2"), ("y", "0")]


@pytest.mark.parametrize("size", [1, 2])
def test_rows_of_two_streams_keep_their_order_when_a_batch_is_full(
    scene: Callable[..., Scene], size: int
) -> None:
    """2.1: the row that opened a batch, as the one before was full, is loaded before later ones."""
    it = scene(streams=two_streams(), batch_size_rows=size)

    it.run(
        schema("Key__c", "A__c", stream="a"),
        schema("Key__c", "A__c", stream="b"),
        *(row("a", Key__c=f"first {number}") for number in range(size)),
        row("a", Key__c="x", A__c="older"),
        row("b", Key__c="x", A__c="newer"),
        *(row("b", Key__c=f"last {number}") for number in range(size)),
        state(a=1, b=1),
    )

    assert ("x", "newer") in it.things("Key__c", "A__c")


def test_a_tap_that_starts_further_back_is_loaded_in_order(scene: Callable[..., Scene]) -> None:
    """4.5: rows before the first STATE show that the bookmark was lost, also after it."""
    it = scene(deletes="delete")
    messages = (BY_RK, numbered(1, Key__c="x", A__c="1"), at(1), deleted(2, "x"), at(2))
    for _ in range(2):
        it.run(*messages)

    assert it.things("Key__c") == []
