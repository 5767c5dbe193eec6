"""What is read goes to the loader and the checkpoint, and what waits for the first STATE waits."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from known_outcomes import INSERTS, WRITES
from sample_batches import ORG_ID

from target_salesforce_bulk.errors import SalesforceBulkError
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.loading.events import StreamStarted
from target_salesforce_bulk.loading.guards.canary import Canaries
from target_salesforce_bulk.singer.ledger import Ledger
from target_salesforce_bulk.singer.live_intake import LiveIntake

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch


class Loader:
    """Keeps the batches that it is given."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.error: Exception | None = None

    def submit(self, batch: Batch) -> None:
        self.batches.append(batch)

    def check(self) -> None:
        if self.error is not None:
            raise self.error

    def is_stopped(self, stream: str) -> bool:
        return stream == "stopped"


class Checkpoint:
    """Keeps what it is told of STATE."""

    def __init__(self) -> None:
        self.states: list[tuple[Any, dict[str, Any]]] = []

    def stream_started(self, stream: str, tap_stream: str) -> None:
        """Ignore it."""

    def batch_opened(self, batch_id: int, stream: str) -> None:
        """Ignore it."""

    def state_received(self, state: Any, readings: dict[str, Any]) -> None:
        self.states.append((state, {name: each.positions for name, each in readings.items()}))


#: The mapping of a stream.
RESOLVED: Any = SimpleNamespace(sobject=SimpleNamespace(name="Contact"))


class Tally:
    """Counts nothing."""

    def stream_started(self, stream: str, sobject: str) -> tuple[str, str]:
        return stream, sobject


class World:
    """An intake with a journal of its own."""

    def __init__(self, folder: Path) -> None:
        self.journal = SqliteJournal(folder)
        self.journal.start_run("r1")
        self.loader, self.checkpoint = Loader(), Checkpoint()
        self.happened: list[Any] = []
        parts: dict[str, Any] = {
            "loader": self.loader,
            "checkpoint": self.checkpoint,
            "tally": Tally(),
            "objects": None,
            "publish": self.happened.append,
        }
        self.intake = LiveIntake(
            journal=self.journal,
            ledger=Ledger(self.journal, ORG_ID, enabled=True),
            canaries=Canaries(0),
            **parts,
        )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.journal.close()


def test_a_stream_that_starts_is_published(world: World) -> None:
    """With its name in the tap, and how it is loaded."""
    world.intake.stream_started("people", "db-people", RESOLVED)

    assert world.happened == [
        StreamStarted(stream="people", tap_stream="db-people", resolved=RESOLVED)
    ]


def test_a_filled_batch_is_sealed_and_submitted(world: World) -> None:
    """With the numbers that it has then."""
    batch = world.intake.open_batch(WRITES)
    world.intake.hand_over(batch, rows=3, size=99, merged=1)
    (given,) = world.loader.batches

    assert (given.id, given.state) == (batch.id, BatchState.SEALED)
    assert (given.rows, given.size, given.merged) == (3, 99, 1)


def test_the_end_of_all_loading_is_raised(world: World) -> None:
    """Before it is asked whether one stream has stopped."""
    answers = [world.intake.is_stopped(stream) for stream in ("stopped", "people")]
    world.loader.error = SalesforceBulkError("no more")

    assert answers == [True, False]
    with pytest.raises(SalesforceBulkError, match="no more"):
        world.intake.is_stopped("stopped")


def test_a_state_knows_how_far_open_inserts_are_filled(world: World) -> None:
    """Other batches are covered as a whole or not at all, and a sealed one is filled no further."""
    world.intake.stream_started("people", "people", RESOLVED)
    insert, sealed, upsert = map(world.intake.open_batch, (INSERTS, INSERTS, WRITES))
    for batch in (insert, sealed, upsert):
        world.intake.watch_position(batch, lambda: (2, 1))
    world.intake.hand_over(sealed, rows=1, size=1, merged=0)
    world.intake.state_received({"bookmarks": {"people": {"id": 1}}})

    assert world.checkpoint.states == [
        ({"bookmarks": {"people": {"id": 1}}}, {"people": {insert.id: (2, 1)}})
    ]


def test_rows_wait_for_the_first_state_alone(world: World) -> None:
    """They are released once; after it, nothing waits any more."""
    released: list[str] = []
    world.intake.when_decided(lambda: released.append("early"))
    world.intake.state_received({})
    world.intake.state_received({})
    world.intake.when_decided(lambda: released.append("late"))

    assert released == ["early"]


def test_the_number_that_comes_back_decides(world: World) -> None:
    """It is ours, so the checkpoint gets the STATE without it, and the next one is higher."""
    world.intake.state_received({"bookmarks": {"target-salesforce-bulk": {"number": 41}}})

    assert world.checkpoint.states == [({"bookmarks": {}}, {})]
    assert world.journal.recognised.newest_number() == 41  # type: ignore[attr-defined]
