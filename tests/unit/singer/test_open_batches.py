"""A row never goes to a batch while a later one holds an older row of its record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from known_outcomes import DELETES, INSERTS, WRITES
from recording_intake import RecordingIntake

from target_salesforce_bulk.loading.preparing.open_batch import RowWriter
from target_salesforce_bulk.rows.csvfile import encode_row
from target_salesforce_bulk.rows.encoder import RowRefused
from target_salesforce_bulk.singer.open_batches import BatchLimits, OpenBatches

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import LoadPlan


class Encoder:
    """Has a header alone: rows come as lines."""

    def __init__(self, plan: LoadPlan) -> None:
        self.header = encode_row(column.header for column in plan.columns)


class Lines:
    """Lines of rows to write."""

    def __init__(self, *names: str) -> None:
        self._lines = [line(name) for name in names]

    def encoded(self, start: int, end: int) -> bytes:
        return b"".join(self._lines[start:end])


class Other:
    """Another stream of the same object, with a row of some keys."""

    stream_name = "other"

    def __init__(self, intake: RecordingIntake, *keys: str) -> None:
        self._intake, self._keys = intake, set(map(hash, keys))
        self.told: list[set[str]] = []

    def holds_any(self, keys: Collection[int]) -> bool:
        return not self._keys.isdisjoint(keys)

    def give_way(self, same_keys: Collection[str]) -> None:
        self.told.append(set(same_keys))

    def leave_bookmark(self) -> None:
        """Ignore it."""

    def seal(self) -> None:
        self._intake.steps.append("seal other")
        self._keys.clear()


class World:
    """The open batches of a stream that upserts and deletes."""

    def __init__(self, folder: Path, plan: LoadPlan = WRITES, max_bytes: int = 1000) -> None:
        self.intake = RecordingIntake(folder)
        self.others: list[Other] = []
        self.writes, self.deletes = (RowWriter(each, Encoder(each)) for each in (plan, DELETES))  # type: ignore[arg-type]
        self.batches = OpenBatches(
            self.intake,
            BatchLimits(max_rows=3, max_bytes=max_bytes, max_age_seconds=60),
            writes=self.writes,
            deletes=self.deletes if plan.key else None,
            others=lambda: self.others,
        )

    def write(self, key: str) -> None:
        self.batches.add(self.writes, line(key), key if self.writes.plan.key else None)

    def delete(self, key: str) -> None:
        self.batches.add(self.deletes, encode_row([key]), key)

    def close(self) -> None:
        """Discard what is open."""
        self.intake.stopped = True
        self.batches.seal()
        self.intake.close()


def line(name: str) -> bytes:
    return encode_row([name, "1", ""])


def row(name: str) -> list[str]:
    return [name, "1", ""]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def test_writes_go_before_deletes(world: World) -> None:
    """A delete ends what was written before it."""
    world.write("a")
    world.delete("a")
    world.batches.seal()

    assert world.intake.handed == [("upsert", [row("a")]), ("delete", [["a"]])]
    assert not world.batches.has_deletes


def test_a_batch_of_deletes_takes_no_row_once_a_later_batch_is_open(world: World) -> None:
    """The number of a batch is the place of its rows in the order."""
    world.delete("b")
    world.write("a")
    world.delete("a")
    world.batches.seal()

    assert world.intake.handed == [
        ("delete", [["b"]]),
        ("upsert", [row("a")]),
        ("delete", [["a"]]),
    ]


def test_a_write_after_a_delete_of_its_record(world: World) -> None:
    """It goes in a later batch; a write of another record stays in the open one."""
    world.write("a")
    world.delete("a")
    world.write("b")
    before = list(world.intake.handed)
    world.write("A")
    world.batches.seal()

    assert before == []
    assert world.intake.handed == [
        ("upsert", [row("a"), row("b")]),
        ("delete", [["a"]]),
        ("upsert", [row("A")]),
    ]


def test_a_full_batch_is_sealed_before_the_next_row(world: World) -> None:
    """The limit of rows is that of the batch, which may be a canary."""
    world.intake.most_rows = 2
    for key in "abc":
        world.write(key)

    assert world.intake.handed == [("upsert", [row("a"), row("b")])]


def test_no_batch_is_larger_than_it_may_be(tmp_path: Path) -> None:
    """The row that does not fit opens the next one."""
    world = World(tmp_path, max_bytes=len(encode_row(["Key__c", "Phone", "Title"])) + 2 * 11)
    for key in "abc":
        world.write(key)
    world.close()

    assert len(line("a")) == 11
    assert world.intake.handed == [("upsert", [row("a"), row("b")])]


def test_another_stream_has_a_row_of_the_record(world: World) -> None:
    """It is sealed, and so is an own batch that was opened before; it hears of every record."""
    other = Other(world.intake, "b")
    world.others.append(other)
    for key in ("a", "B", "b"):
        world.write(key)

    assert other.told == [{"a"}, {"b"}, {"b"}]
    assert world.intake.steps == ["open upsert", "seal other", "seal upsert", "open upsert"]


def test_own_keys_are_known_to_other_streams(world: World) -> None:
    """Of rows to be sent and of refused ones, until their batch is sealed."""
    world.others.append(Other(world.intake))
    world.write("a")
    refusal = RowRefused("TOO_LONG", "no", ())
    world.batches.refuse(world.writes, {"Key__c": "b"}, "b", refusal)
    held = [world.batches.holds_any({hash(key)}) for key in "abc"]
    world.batches.seal()

    assert held == [True, True, False]
    assert not world.batches.holds_any({hash("a"), hash("b")})
    assert world.intake.refused == [("TOO_LONG", "b")]


def test_lines_fill_one_batch_after_the_other(world: World) -> None:
    """Each call adds what fits, and says where to go on."""
    keys = list("abcde")
    first = world.batches.add_lines(Lines(*keys), keys, 1, 5)  # type: ignore[arg-type]
    second = world.batches.add_lines(Lines(*keys), keys, first, 5)  # type: ignore[arg-type]
    world.batches.seal()

    assert (first, second) == (4, 5)
    assert world.intake.handed == [("upsert", [row(k) for k in "bcd"]), ("upsert", [row("e")])]


def test_a_line_that_fits_no_batch_is_not_added(tmp_path: Path) -> None:
    """Those before it are; the caller has to refuse it."""
    world = World(tmp_path, INSERTS, max_bytes=80)
    lines: Any = Lines("a", "x" * 60, "b")
    places = [world.batches.add_lines(lines, [], start, 3) for start in (0, 1, 2)]
    world.batches.seal()
    world.close()

    assert (places, world.batches.key) == ([1, 1, 3], None)
    assert [cells for _, rows in world.intake.handed for cells in rows] == [row("a"), row("b")]


def test_old_batches_are_sealed(world: World) -> None:
    """All of them, when one is old enough."""
    ages = [world.batches.seal_old()]
    world.write("a")
    assert world.writes.open is not None
    world.writes.open.age_seconds = lambda: 59.0  # type: ignore[method-assign]
    ages.append(world.batches.seal_old())
    world.writes.open.age_seconds = lambda: 60.0  # type: ignore[method-assign]
    before = len(world.intake.handed)
    ages.append(world.batches.seal_old())

    assert (ages, before, len(world.intake.handed)) == ([60.0, 1.0, 60.0], 0, 1)


def test_a_stopped_stream_hands_nothing_over(world: World) -> None:
    """What it holds comes again from the tap."""
    world.write("a")
    world.intake.stopped = True
    world.batches.seal()

    assert (world.intake.handed, world.writes.open) == ([], None)
