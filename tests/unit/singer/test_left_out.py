"""A stream that is not loaded costs nothing and breaks nothing."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.singer.left_out import LeftOutSink
from target_salesforce_bulk.target import TargetSalesforceBulk


class Intake:
    """Notes what it is told; it can do nothing else."""

    def __init__(self) -> None:
        self.intake = self
        self.told: list[tuple[str, ...]] = []

    def stream_left_out(self, stream: str, tap_stream: str) -> None:
        self.told.append(("left out", stream, tap_stream))

    def note_rows(self, stream: str) -> None:
        self.told.append(("rows", stream))


@pytest.fixture
def intake() -> Intake:
    return Intake()


@pytest.fixture
def sink(intake: Intake, settings: dict[str, Any]) -> LeftOutSink:
    target = TargetSalesforceBulk(config=settings, open_run=lambda *_: intake)  # type: ignore[arg-type, return-value]
    target.aliases.name("people", "crm-people")
    schema = {"properties": {"at": {"type": "string", "format": "date-time"}}, "required": ["at"]}
    return LeftOutSink(target, "people", schema, ["at"])


def test_the_run_learns_of_it(sink: LeftOutSink, intake: Intake) -> None:
    """By its name here and in the tap; each record that comes is noted, and nothing is kept."""
    for number in range(2):
        sink.process_record({"at": number}, {})
    sink.process_batch({})

    assert intake.told == [
        ("left out", "people", "crm-people"),
        ("rows", "people"),
        ("rows", "people"),
    ]
    assert not sink.is_full


def test_its_values_are_not_looked_at(sink: LeftOutSink) -> None:
    """A date that is none ends no run, and no property costs a warning of the SDK."""
    anything = {"type": "object", "properties": {}, "additionalProperties": True}
    assert (sink.schema, sink.get_validator()) == (anything, None)  # type: ignore[func-returns-value]
