"""Rows that wait to be sent again, and what newer rows wrote of their records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from known_outcomes import sealed

from target_salesforce_bulk.journal.database import Database
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.journal.lifecycle import Event
from target_salesforce_bulk.journal.order import Written
from target_salesforce_bulk.journal.waiting import (
    INSERT_OVERWRITTEN,
    INSERT_WAITING,
    Waiting,
    WaitingRows,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch


class World:
    """A batch that is sealed and one that is abandoned, with rows that wait in both."""

    def __init__(self, folder: Path) -> None:
        with SqliteJournal(folder) as journal:
            journal.start_run("r1")
            self.batch: Batch = sealed(journal)
            gone = journal.record(sealed(journal).id, Event.ABANDONED)
        self.database = Database(folder)
        self.rows = WaitingRows(self.database)
        with self.database.transaction() as db:
            db.executemany(
                INSERT_WAITING,
                [
                    ("Contact", "Key__c", "a", self.batch.id, 1),
                    ("Contact", "Key__c", "b", self.batch.id, 1),
                    ("Contact", "Key__c", "a", gone.id, 2),
                    ("Lead", "Key__c", "a", self.batch.id, 1),
                ],
            )

    def overwrite(self, batch_id: int, key: str, by: int, fields: str, deleted: int) -> None:
        with self.database.transaction() as db:
            db.execute(INSERT_OVERWRITTEN, (batch_id, key, by, fields, deleted))

    def waiting(self) -> int:
        return int(self.database.query("SELECT count(*) FROM waiting_rows")[0][0])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.database.close()


def test_rows_of_a_record(world: World) -> None:
    """Of the same object and key field, and only in batches that are still to be settled."""
    found = world.rows.of_records(world.batch, ["a", "c"])

    assert found == [Waiting(same_key="a", batch_id=world.batch.id, order_batch=1)]


def test_whether_any_row_waits(world: World) -> None:
    """By its object and the field that names it."""
    asked = [("Contact", "Key__c"), ("Contact", "Email"), ("Account", "Key__c")]

    assert [world.rows.has_rows_of(*each) for each in asked] == [True, False, False]


def test_what_newer_rows_wrote_adds_up(world: World) -> None:
    """Unless the settlement of one of them does not count yet."""
    for by, fields, deleted in ((7, '["Phone"]', 0), (8, '["Title"]', 1), (9, '["Fax"]', 0)):
        world.overwrite(world.batch.id, "a", by, fields, deleted)
    with world.database.transaction() as db:
        db.execute("INSERT INTO settling VALUES (9)")

    assert world.rows.overwritten(world.batch.id) == {
        "a": Written(fields=frozenset({"Phone", "Title"}), deletes=True)
    }


def test_it_holds_for_the_rows_of_a_child(world: World) -> None:
    """Which has the same rows, or some of them."""
    world.overwrite(world.batch.id, "a", 7, '["Phone"]', 0)
    with world.database.transaction() as db:
        world.rows.hand_on(db, world.batch.id, 99)

    assert world.rows.overwritten(99) == world.rows.overwritten(world.batch.id) != {}


def test_a_settled_batch_is_forgotten_in_portions(world: World) -> None:
    """Until there is none of it left; other batches stay."""
    world.overwrite(world.batch.id, "a", 7, '["Phone"]', 0)
    with world.database.transaction() as db:
        portions = [world.rows.forget_settled(db, world.batch.id) for _ in range(2)]

    assert (portions, world.waiting()) == ([True, False], 1)
    assert world.rows.overwritten(world.batch.id) == {}


def test_batches_that_will_not_be_settled_are_forgotten(world: World) -> None:
    """A run that starts has no use for what a dead one left of them."""
    with world.database.transaction() as db:
        world.rows.recover(db)

    assert world.waiting() == 3
