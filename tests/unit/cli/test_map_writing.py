"""Suggestions are written to a file, and what is open is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from crm_objects import describe, field

from target_salesforce_bulk.cli.map import map_group
from target_salesforce_bulk.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

MELTANO = """\
plugins:
  loaders:
  - name: target-salesforce-bulk
    config:
      client_secret: very-secret   # not for a log
      streams:
        people:
          object: Contact   # decided
          field_mapping:
            surname: ""   # rejected
"""
WRITTEN = """\
            surname: ""   # rejected
            id: Key__c
            mobile: MobilePhone
          operation: upsert
          external_id_field: Key__c
"""
REQUIRED = "Still open: people: new records need LastName, but no column has them."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tap's input, describe documents and a project file."""
    key = field("Key__c:string", externalId=True, idLookup=True)
    contact = describe("Contact", key)
    for each in contact["fields"]:
        each["nillable"] = each["name"] != "LastName"
    (tmp_path / "describes").mkdir()
    (tmp_path / "describes" / "Contact.json").write_text(json.dumps(contact))
    properties = {each: {"type": ["null", "string"]} for each in ("id", "surname", "mobile")}
    message = {
        "type": "SCHEMA",
        "stream": "people",
        "schema": {"properties": properties},
        "key_properties": ["id"],
    }
    (tmp_path / "input.singer").write_text(json.dumps(message))
    (tmp_path / "meltano.yml").write_text(MELTANO)
    return tmp_path


def run(folder: Path, *arguments: str, file: str = "meltano.yml") -> Any:
    command = ["suggest", "--input", str(folder / "input.singer"), "--write", str(folder / file)]
    command += ["--describes", str(folder / "describes"), *arguments]
    return CliRunner(catch_exceptions=False).invoke(map_group, command)


def test_writing(folder: Path) -> None:
    """What is set stays, comments too; the last line says what was written and what is open."""
    done = run(folder)
    path = folder / "meltano.yml"

    assert path.read_text() == MELTANO.replace('            surname: ""   # rejected\n', WRITTEN)
    assert done.stdout.splitlines()[-1] == f"Wrote to {path}: 2 columns of 1 stream. {REQUIRED}"
    assert "surname  → -                                   left out in the file" in done.stdout


def test_a_second_time(folder: Path) -> None:
    """It changes nothing."""
    run(folder)
    path = folder / "meltano.yml"
    before = path.read_bytes(), path.stat().st_ino
    done = run(folder)

    assert (path.read_bytes(), path.stat().st_ino) == before
    assert done.stdout.splitlines()[-1] == f"{path} stays as it is. {REQUIRED}"


def test_the_difference(folder: Path) -> None:
    """It is shown without a secret of the lines around, and nothing is written."""
    done = run(folder, "--diff")
    lines = done.stdout.splitlines()

    assert (folder / "meltano.yml").read_text() == MELTANO
    assert [each for each in lines if each.startswith(("+ ", "- "))] == [
        f"+{each}" for each in WRITTEN.splitlines()[1:]
    ]
    assert "very-secret" not in done.output
    assert lines[-1].startswith(f"Nothing was written to {folder / 'meltano.yml'}: 2 columns of 1")


def test_json(folder: Path) -> None:
    """Stdout has JSON alone; a new configuration is made."""
    done = run(folder, "--json", file="new.json")

    assert json.loads(done.stdout)["people"]["key"] == "id"
    assert done.stderr.startswith("Wrote to ")
    assert json.loads((folder / "new.json").read_text())["streams"]["people"] == {
        "object": "Contact",
        "operation": "upsert",
        "external_id_field": "Key__c",
        "field_mapping": {"id": "Key__c", "surname": "LastName", "mobile": "MobilePhone"},
    }


@pytest.mark.parametrize(
    ("setting", "open_point"),
    [
        ('"operation": "insert"', "no property is mapped to the required LastName"),
        ('"operation": "nope"', "'nope' is not a valid Operation"),
        (
            '"operation": "upsert", "external_id_field": "Nope__c"',
            "Contact.Nope__c is not an external ID field",
        ),
    ],
)
def test_what_is_open(folder: Path, setting: str, open_point: str) -> None:
    """It is what a load would stop at."""
    path = folder / "config.json"
    path.write_text(
        f'{{"streams": {{"people": {{{setting}, "field_mapping": {{"surname": ""}}}}}}}}'
    )

    assert open_point in run(folder, file="config.json").stdout.splitlines()[-1]


def test_a_key_without_a_field(folder: Path) -> None:
    """And a stream without an object."""
    document = describe("Contact")
    (folder / "describes" / "Contact.json").write_text(json.dumps(document))
    (folder / "config.json").write_text("{}")
    more = {"type": "SCHEMA", "stream": "zz", "schema": {"properties": {}}}
    with (folder / "input.singer").open("a") as file:
        file.write(f"\n{json.dumps(more)}")

    assert (
        run(folder, file="config.json")
        .stdout.splitlines()[-1]
        .endswith(
            "Still open: people: the key (id) has no external ID field; zz: no object fits; set "
            "streams.zz.object, or leave the stream out."
        )
    )


@pytest.mark.parametrize(
    ("object_", "arguments", "message"),
    [
        ("Contact", ["--object", "people=Lead"], "--object names Lead"),
        ("Lead", [], "The file loads the stream people into Lead, of which --describes has no"),
    ],
)
def test_an_object_that_is_decided(
    folder: Path, object_: str, arguments: list[str], message: str
) -> None:
    """The file's is not overwritten, and has to be known."""
    (folder / "meltano.yml").write_text(MELTANO.replace("Contact", object_))
    with pytest.raises(SettingsError) as caught:
        run(folder, *arguments)
    assert str(caught.value).startswith(message)


def test_a_diff_of_nothing(folder: Path) -> None:
    """--diff alone is an error of the command line."""
    command = ["suggest", "--input", str(folder / "input.singer"), "--diff"]
    done = CliRunner().invoke(map_group, command)

    assert (done.exit_code, "Give both." in done.stderr) == (2, True)


def test_an_operation_for_all_streams(folder: Path) -> None:
    """It is not overwritten by one of the stream's own."""
    (folder / "config.json").write_text('{"operation": "insert"}')
    run(folder, file="config.json")

    assert json.loads((folder / "config.json").read_text())["streams"]["people"] == {
        "object": "Contact",
        "field_mapping": {"surname": "LastName", "mobile": "MobilePhone"},
    }
