"""What mappings are made from, wherever it is read."""

from __future__ import annotations

import io
import json
import shlex
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import click
import pytest
from crm_objects import describe, describes
from wire import make_client

from target_salesforce_bulk.cli import mapping_sources
from target_salesforce_bulk.cli.mapping_sources import SourceOptions, read_sources
from target_salesforce_bulk.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = {
    "type": "SCHEMA",
    "stream": "people",
    "schema": {"properties": {"id": {}, "surname": {}}},
    "key_properties": ["id"],
}
ADA = {"id": 1, "surname": "Lovelace"}
INPUT = f"{json.dumps(PEOPLE)}\n" + "".join(
    f"{json.dumps({'type': 'RECORD', 'stream': 'people', 'record': {**ADA, 'id': n}})}\n"
    for n in (1, 2, 3)
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Describe documents."""
    folder = tmp_path / "describes"
    folder.mkdir()
    for name, document in describes().items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return folder


def test_a_catalog(folder: Path, tmp_path: Path) -> None:
    """With values by column, which become records; objects come from the documents."""
    entry = {"stream": "people", "tap_stream_id": "people", "schema": PEOPLE["schema"]}
    (tmp_path / "catalog.json").write_text(json.dumps({"streams": [entry | {"metadata": []}]}))
    values = {"people": {"id": [1, 2], "surname": ["Lovelace"]}}
    (tmp_path / "samples.json").write_text(json.dumps(values))
    found = read_sources(
        SourceOptions(
            catalog=tmp_path / "catalog.json", samples=tmp_path / "samples.json", describes=folder
        )
    )

    assert found.records == {"people": [{"id": 1, "surname": "Lovelace"}, {"id": 2}]}
    assert [each.name for each in found.tables] == ["people"]
    assert [each.profile.samples for each in found.tables[0].columns] == [("1", "2"), ("Lovelace",)]
    assert found.describe("contact") is found.sobjects["Contact"]
    with pytest.raises(NotFoundError):
        found.describe("Nope")


@pytest.mark.parametrize("is_stdin", [False, True])
def test_an_input(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_stdin: bool
) -> None:
    """From a file or from stdin, with so many records of each stream."""
    path = tmp_path / "input.singer"
    path.write_text(INPUT)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(INPUT.encode())))
    options = SourceOptions(file_input="-" if is_stdin else str(path), sample=2, describes=folder)
    found = read_sources(options)

    assert found.schemas == (PEOPLE,)
    assert found.records == {"people": [ADA, {**ADA, "id": 2}]}


def test_no_such_input(folder: Path) -> None:
    """The error names it."""
    with pytest.raises(InputError) as caught:
        read_sources(SourceOptions(file_input="/nowhere/x", describes=folder))
    assert str(caught.value) == "/nowhere/x cannot be read: No such file or directory."


@pytest.mark.parametrize(("sample", "records"), [(None, {}), (1, {"people": [ADA]})])
def test_a_tap(folder: Path, tmp_path: Path, sample: int | None, records: Any) -> None:
    """Its discovery, and its records only if they are asked for."""
    entry = {"stream": "people", "tap_stream_id": "people", "schema": PEOPLE["schema"]}
    catalog = json.dumps({"streams": [entry | {"metadata": []}]})
    source = f"import sys; print({catalog!r} if '--discover' in sys.argv else {INPUT!r})"
    command = f"{sys.executable} -c {shlex.quote(source)}"
    found = read_sources(SourceOptions(tap=command, sample=sample, describes=folder))

    assert [each["stream"] for each in found.schemas] == ["people"]
    assert found.records == records


def test_the_org(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of objects and those that matter are asked for once; others on demand."""
    path = tmp_path / "input.singer"
    path.write_text(INPUT)
    listed = [{"name": each, "createable": True} for each in ("Contact", "Odd__c", "Lead")]
    client, wire = make_client(
        (200, {"sobjects": listed}),
        (200, describe("Lead")),
        (200, describe("Contact")),
        (200, {"name": "Odd__c", "fields": []}),
    )
    target = SimpleNamespace(client=client)
    monkeypatch.setattr(mapping_sources, "read_target", lambda config: {"c": target}[config])
    found = read_sources(SourceOptions(file_input=str(path), config="c"), ["lead"])

    assert [*found.sobjects] == ["Lead", "Contact"]
    assert found.remarks == (
        "Described 2 objects of the org's 3 (at most 30). For another one, give --object.",
    )
    assert found.describe("Odd__c").name == "Odd__c"
    assert len(wire.requests) == 4


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Give exactly one of --catalog, --input and --tap."),
        ({"tap": "x", "file_input": "y"}, "Give exactly one of --catalog, --input and --tap."),
        ({"catalog": "x", "sample": 1}, "--sample is for --input and --tap"),
        ({"tap": "x", "samples": "y"}, "--samples is for --catalog"),
    ],
)
def test_what_cannot_be_given_together(given: Any, message: str) -> None:
    """It is an error of the command line."""
    with pytest.raises(click.UsageError) as caught:
        SourceOptions(**given)
    assert caught.value.message.startswith(message)
