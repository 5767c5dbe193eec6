"""Records that go through the sink in bulk, and one by one: the same batches, byte for byte."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import CONTACT, contact, record, schema, state
from two_ways import batches

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.emulator import Emulator


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


#: Values that are no timestamp, so that it is unclear whether the record is deleted.
NO_TIME_STAMPS = ["", "null", "false", False, True, 0, 1700000000, "1712111231230", [], {}, "soon"]


@pytest.mark.parametrize("deletes", ["ignore", "delete", "hard_delete"])
def test_only_a_time_stamp_deletes(
    org: Emulator, config: dict[str, Any], tmp_path: Path, deletes: str
) -> None:
    """Anything else fails its row, and null is a live record."""
    stamps = ["2024-01-01", "2024-01-01T10:00:00Z", "2024-01-01 10:00:00.123456+02:00"]
    marks = [*NO_TIME_STAMPS, *stamps, None]
    made = [contact(number, _sdc_deleted_at=mark) for number, mark in enumerate(marks)]
    text = lines([schema(properties=CONTACT | {"_sdc_deleted_at": {}}), *made, contact(99)])
    config |= {"streams": {"*": {"deletes": deletes}}, "allow_hard_delete": True}

    model, _ = batches(config, tmp_path / "a", text, in_bulk=False)
    fast, _ = batches(config, tmp_path / "b", text, in_bulk=True)
    rows = {facts.split()[1]: int(facts.split()[2]) for facts, *_ in fast}
    refused = "".join(each[3] for each in fast)

    assert fast == model
    if deletes == "ignore":
        assert (rows, refused) == ({"upsert": len(marks) + 1}, "")
    else:
        operation = {"delete": "delete", "hard_delete": "hardDelete"}[deletes]
        assert rows == {"upsert": 2, operation: len(stamps)}
        assert refused.count("_sdc_deleted_at is not a timestamp") == len(NO_TIME_STAMPS)


#: Values that are hard on a reader of JSON or a writer of cells, as JSON.
HARD = [
    *("1e5000", "-1e9999999", '"1e9999999"', "1e99999999", "1e99999999999999999999"),
    *("7" * 5000, '{"a": 1e99999999}', f'{{"a": [{"7" * 5000}]}}', "[1.10, 1e2]", "NaN"),
    *('{"a": NaN}', "[-Infinity]", '{"a":' * 150 + "{}" + "}" * 150, "[]", '["Tea", null]'),
    *('["", ""]', "[[]]", '"#N/A and more"', '"' + "👩" * 100 + '"', '"' + "x" * 300 + '"'),
]
FIELDS = ["External_Id__c", "FirstName", "Score__c", "Interests__c", "Description", "Birthdate"]


@pytest.mark.parametrize("too_long", ["reject", "truncate"])
def test_hard_values(org: Emulator, config: dict[str, Any], tmp_path: Path, too_long: str) -> None:
    """Each costs its own row at most, and the ways agree on which."""
    properties: dict[str, Any] = {name: {} for name in [*FIELDS, "LastName"]}
    text = json.dumps(schema(properties=properties)) + "\n"
    for number, value in enumerate(HARD):
        for field in FIELDS:
            members = {"External_Id__c": f'"{number}-{field}"', "LastName": '"x"', field: value}
            told = ", ".join(f'"{name}": {each}' for name, each in members.items())
            text += f'{{"type": "RECORD", "stream": "Contact", "record": {{{told}}}}}\n'
    config |= {"too_long": too_long}

    model, one_by_one = batches(config, tmp_path / "a", text, in_bulk=False)
    fast, _ = batches(config, tmp_path / "b", text, in_bulk=True)
    ((facts, _, _, refused),) = fast
    _, _, rows, _, merged = facts.split()

    assert fast == model
    assert one_by_one == len(HARD) * len(FIELDS)
    assert int(rows) + int(merged) + refused.count("\n") == one_by_one


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
