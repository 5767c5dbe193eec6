"""Each record becomes a row to write, a row to delete, a refused row, or is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from recording_intake import RecordingIntake

from target_salesforce_bulk.errors import MappingError
from target_salesforce_bulk.journal.expected import Answer
from target_salesforce_bulk.singer.recogniser import NothingToRecognise
from target_salesforce_bulk.target import TargetSalesforceBulk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_salesforce_bulk.singer.sink import SalesforceSink

NEW, AGAIN, UNDECIDED = Answer
SCHEMA = {
    "properties": {
        "Key__c": {"type": "string"},
        "LastName": {"type": ["string", "null"], "format": "date-time"},
        "_sdc_deleted_at": {"type": ["string", "null"]},
    }
}
NOON = "2026-03-01T12:00:00Z"


class Told(NothingToRecognise):
    """Knows of rows what it is told, by their keys."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers
        self.written: list[str] = []

    def judge(self, number: int, row: Any, positions: Any) -> list[Answer] | None:
        return [self.answers.get(row(place)[1] or "", NEW) for place in range(number)]

    def judge_refused(self, row: Any, same_key: str | None, positions: Any) -> Answer:
        return self.answers.get(same_key or "", NEW)

    def judge_delete(self, same_key: str, positions: Any) -> Answer:
        return self.answers.get(same_key, NEW)

    def write_records(self, same_keys: Any) -> None:
        self.written += same_keys


class World:
    """A target whose rows go to an intake that keeps them."""

    def __init__(self, config: dict[str, Any], folder: Path, **stream: Any) -> None:
        self.intake = RecordingIntake(folder)
        people = {
            "object": "Contact",
            "operation": "upsert",
            "external_id_field": "Key__c",
        } | stream
        self.target = TargetSalesforceBulk(
            config=config | {"streams": {"people": people}},
            open_run=lambda *_: self.intake,  # type: ignore[arg-type, return-value]
        )

    def sink(self, schema: dict[str, Any] = SCHEMA) -> SalesforceSink:
        sink: Any = self.target.get_sink_class("people")(self.target, "people", schema, ["Key__c"])
        sink.setup()
        return sink


@pytest.fixture
def world(settings: dict[str, Any], tmp_path: Path) -> Iterator[World]:
    world = World(settings, tmp_path / "intake", deletes="delete")
    yield world
    world.intake.close()


def send(sink: SalesforceSink, *records: dict[str, Any]) -> None:
    for record in records:
        sink.process_record(record, {})


def person(key: str, name: str = "Ada", **more: Any) -> dict[str, Any]:
    return {"Key__c": key, "LastName": name, **more}


def test_records_become_rows(world: World) -> None:
    """Sealed at the end, and never for the SDK's own reasons; dates stay the tap's text."""
    sink = world.sink()
    send(sink, person("a", NOON), person("b"))
    full = sink.is_full
    sink.process_batch({})

    assert (full, world.intake.handed) == (False, [("upsert", [["a", NOON], ["b", "Ada"]])])
    assert world.intake.count.read == 2


def test_a_deleted_record_goes_to_the_deletes(world: World) -> None:
    """Where the stream deletes; its batch looks records up by the key."""
    sink = world.sink()
    send(sink, person("a"), person("b", _sdc_deleted_at=NOON))
    sink.process_batch({})

    assert world.intake.handed == [("upsert", [["a", "Ada"]]), ("delete", [["b"]])]


def test_a_bad_record_is_refused_in_its_place(world: World) -> None:
    """The others are loaded."""
    sink = world.sink()
    send(sink, person("a"), person("b", "x" * 81), person("c"))
    sink.process_batch({})

    assert world.intake.handed == [("upsert", [["a", "Ada"], ["c", "Ada"]])]
    assert world.intake.refused == [("STRING_TOO_LONG", "b")]


def test_a_row_that_no_job_can_hold_is_refused(settings: dict[str, Any], tmp_path: Path) -> None:
    """The limit is that of the job without its header."""
    world = World(settings | {"max_job_bytes": 1000}, tmp_path / "intake", validate_rows=False)
    sink = world.sink()
    send(sink, person("a", "x" * 1000))
    sink.process_batch({})
    world.intake.close()

    assert world.intake.refused == [("LIMIT_EXCEEDED", "a")]


def test_rows_of_earlier_runs_are_left_out(world: World) -> None:
    """Writes, deletes and refused rows alike; they are read all the same."""
    world.intake.recognised = Told(a=AGAIN, b=AGAIN, c=AGAIN)
    sink = world.sink()
    send(sink, person("a"), person("b", _sdc_deleted_at=NOON), person("c", "x" * 81), person("d"))
    sink.process_batch({})

    assert (world.intake.handed, world.intake.refused) == ([("upsert", [["d", "Ada"]])], [])
    assert world.intake.count.read == 4


def test_rows_wait_for_the_decision(world: World) -> None:
    """They are judged again then."""
    told = world.intake.recognised = Told(a=UNDECIDED, b=UNDECIDED)
    sink = world.sink()
    send(sink, person("a"), person("b"), person("c"))
    told.answers = {"a": AGAIN}
    for release in world.intake.held:
        release()
    sink.process_batch({})

    assert world.intake.handed == [("upsert", [["c", "Ada"], ["b", "Ada"]])]


def test_a_newer_row_releases_older_ones_of_its_record(world: World) -> None:
    """The order of a record's rows is kept; the batch merges them into the newest."""
    told = world.intake.recognised = Told(a=UNDECIDED, b=UNDECIDED)
    sink = world.sink()
    send(sink, person("a", "old"), person("b", "waits"))
    told.answers = {}
    send(sink, person("a", "new"))
    sink.process_batch({})

    assert world.intake.handed == [("upsert", [["a", "new"], ["b", "waits"]])]


def test_what_waits_at_the_end_of_a_schema_is_loaded(world: World) -> None:
    """Its records are noted as written, so that nothing of them is expected any more."""
    told = world.intake.recognised = Told(a=UNDECIDED)
    sink = world.sink()
    send(sink, person("a"))
    told.answers = {}
    sink.process_batch({})

    assert (told.written, world.intake.handed) == (["a"], [("upsert", [["a", "Ada"]])])


def test_another_stream_that_writes_the_records(world: World) -> None:
    """What was read of them before goes first."""
    told = world.intake.recognised = Told(a=UNDECIDED, b=UNDECIDED)
    sink = world.sink()
    send(sink, person("a"), person("b"))
    told.answers = {"b": UNDECIDED}
    sink.give_way({"a"})
    sink.seal()

    assert (told.written, world.intake.handed) == (["a"], [("upsert", [["a", "Ada"]])])


def test_a_stopped_stream_takes_nothing(world: World) -> None:
    """Its records are counted as read."""
    sink = world.sink()
    world.intake.stopped = True
    send(sink, person("a"))
    sink.process_batch({})

    assert (world.intake.handed, world.intake.count.read) == ([], 1)


def test_a_new_schema_seals_what_was_read_before(world: World) -> None:
    """Its rows stand after it."""
    send(world.sink(), person("a"))
    world.sink()

    assert world.intake.handed == [("upsert", [["a", "Ada"]])]


def test_a_stream_that_cannot_be_mapped(world: World) -> None:
    """The error names it before any record is taken."""
    with pytest.raises(MappingError, match="people"):
        world.sink({"properties": {"Nothing": {"type": "string"}}})
