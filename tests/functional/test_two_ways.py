"""Records that go through the sink in bulk, and one by one: the same batches, byte for byte."""

from __future__ import annotations

import io
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import CONTACT, contact, record, schema, state

from target_salesforce_bulk.preflight import DryRun
from target_salesforce_bulk.target import TargetSalesforceBulk

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.emulator import Emulator
    from target_salesforce_bulk.loading.batch import Batch


class Kept(DryRun):
    """Keeps what each batch held."""

    def __init__(self, target: TargetSalesforceBulk, folder: Path) -> None:
        super().__init__(target, folder)
        self.batches: list[tuple[str, str, bytes, str]] = []

    def sealed(self, batch: Batch, *, rows: int, size: int, merged: int) -> None:
        refused = batch.refused.read_text() if batch.refused.exists() else ""
        facts = f"{batch.plan.stream} {batch.plan.operation} {rows} {size} {merged}"
        self.batches.append((facts, batch.id, batch.csv.read_bytes(), refused))
        super().sealed(batch, rows=rows, size=size, merged=merged)


def batches(
    config: dict[str, Any], folder: Path, text: str, *, in_bulk: bool, blocks: int | None = None
) -> tuple[list[Any], int]:
    """What the target makes of an input; and how many records came to `process_record`."""
    target = TargetSalesforceBulk(config=config)
    kept = Kept(target, folder)
    target.__dict__["run"] = kept
    if not in_bulk:
        target.message_reader.find_sink = lambda _: None
    one_by_one = []
    find = target.get_sink_class("Contact").process_record

    class Sink(target.get_sink_class("Contact")):
        def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
            one_by_one.append(record)
            find(self, record, context)

    target.default_sink_class = Sink
    source = io.TextIOWrapper(
        io.BytesIO(text.encode()) if blocks is None else Dripping(text, blocks)
    )
    target.listen(source)
    return kept.batches, len(one_by_one)


class Dripping(io.BytesIO):
    """Bytes that come in small portions."""

    def __init__(self, text: str, portion: int) -> None:
        super().__init__(text.encode())
        self._portion = portion

    def read1(self, size: int | None = -1, /) -> bytes:
        return super().read1(self._portion)


def messages() -> list[Any]:
    """Streams in turns, states between, and rows that are refused."""
    chance = random.Random(6)
    properties = CONTACT | {
        "Score__c": {"type": "number"},
        "Birthdate": {"type": "string", "format": "date"},
        "_sdc_deleted_at": {},
    }
    made: list[Any] = [
        schema(properties=properties),
        schema("Account", {"External_Id__c": {"type": "string"}, "Name": {"type": "string"}}),
    ]
    for number in range(600):
        made.append(
            contact(
                number % 500,
                FirstName=chance.choice(["Ada", 'The "Boss"', "Zoë", "a\nb", None, "", "\x07"]),
                Email=chance.choice(["a@b.c", "none", None, "a@b.c"]),
                Score__c=chance.choice([1, 2.5, "many", None, 10**30]),
                Birthdate=chance.choice(["2000-02-29", "2001-02-29", None]),
                **chance.choice([{}, {}, {}, {"_sdc_deleted_at": None}, {"LastName": "x" * 200}]),
            )
        )
        if chance.random() < 0.3:
            made.append(record("Account", External_Id__c=f"A-{number}", Name="n" * number))
        if chance.random() < 0.05:
            made.append(state(Contact=number))
        if number == 300:
            made.append(schema(properties=properties | {"Title": {"type": "string"}}))
    return made


def lines(made: list[Any]) -> str:
    """JSON in more than one hand."""
    chance = random.Random(7)
    texts = []
    for each in made:
        kind = chance.random()
        if kind < 0.1:
            each = dict(reversed(each.items()))
        separators = (",", ":") if kind < 0.5 else (", ", ": ")
        texts.append(json.dumps(each, separators=separators, ensure_ascii=kind < 0.3))
    return "\n".join(texts) + "\n" * (len(texts) % 2)


@pytest.mark.parametrize("portion", [None, 1, 37, 4096])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"max_job_bytes": 3000},
        {"batch_size_rows": 7},
        {"streams": {"*": {"deletes": "delete"}}, "max_job_bytes": 10_000},
        {"streams": {"*": {"too_long": "truncate", "nulls": "ignore"}}},
        {"streams": {"*": {"validate_rows": False, "empty_strings": "ignore"}}},
    ],
    ids=str,
)
def test_the_same_batches(
    org: Emulator,
    config: dict[str, Any],
    tmp_path: Path,
    settings: dict[str, Any],
    portion: int | None,
) -> None:
    """Whatever the portions are in which the input comes."""
    text = lines(messages())
    config |= settings

    model, one_by_one = batches(config, tmp_path / "a", text, in_bulk=False)
    made, not_in_bulk = batches(config, tmp_path / "b", text, in_bulk=True, blocks=portion)

    assert made == model
    assert one_by_one > 700
    assert not_in_bulk < one_by_one * 0.9


def test_deletes_among_writes(org: Emulator, config: dict[str, Any], tmp_path: Path) -> None:
    """A record that was deleted and is written again is so in that order."""
    chance = random.Random(8)
    properties = CONTACT | {"_sdc_deleted_at": {}}
    made: list[Any] = [schema(properties=properties)]
    for _ in range(300):
        gone = {"_sdc_deleted_at": "2024-01-01"} if chance.random() < 0.1 else {}
        made.append(contact(chance.randrange(30), **gone))
    config |= {"streams": {"*": {"deletes": "delete"}}}

    model, _ = batches(config, tmp_path / "a", lines(made), in_bulk=False)
    fast, not_in_bulk = batches(config, tmp_path / "b", lines(made), in_bulk=True)

    assert fast == model
    assert len(model) > 10
    assert not_in_bulk < 300
