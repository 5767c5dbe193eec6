"""The `map` commands."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from crm_objects import describes

from target_salesforce_bulk.cli.map import map_group
from target_salesforce_bulk.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

PEOPLE = {
    "stream": "people",
    "tap_stream_id": "people",
    "schema": {
        "type": "object",
        "properties": {each: {"type": ["null", "string"]} for each in ("id", "surname", "mobile")},
    },
    "metadata": [],
}


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """Files with one stream, some objects, and values."""
    folder = tmp_path / "describes"
    folder.mkdir()
    for name, document in describes().items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    (tmp_path / "catalog.json").write_text(json.dumps({"streams": [PEOPLE]}))
    samples = {"people": {"mobile": ["+44 20 7946 0810"]}}
    (tmp_path / "samples.json").write_text(json.dumps(samples))
    return [
        *("suggest", "--catalog", str(tmp_path / "catalog.json"), "--describes", str(folder)),
        *("--samples", str(tmp_path / "samples.json")),
    ]


def run(*arguments: str) -> Any:
    return CliRunner(catch_exceptions=False).invoke(map_group, arguments)


def test_the_table(arguments: list[str]) -> None:
    """A line for the stream, and one for each column."""
    assert run(*arguments).stdout.splitlines() == [
        "people → Contact, upsert, key id (needs an external ID field)",
        "  id       → -                                   an identifier of the source",
        "  surname  → LastName                       92%  synonym",
        "  mobile   → MobilePhone                    95%  synonym; values look like a phone",
        "",
    ]


def test_a_given_object(arguments: list[str]) -> None:
    """Its name is found ignoring case."""
    found = json.loads(run(*arguments, "--object", "people=lead", "--json").stdout)

    assert found["people"]["object"] == "Lead"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("peple=Lead", "--object names the stream peple, which the tap lacks."),
        ("people=Led", "--object names Led, of which --describes has no document."),
    ],
)
def test_what_cannot_be_given(arguments: list[str], given: str, message: str) -> None:
    """A stream or an object that is not there."""
    with pytest.raises(SettingsError) as caught:
        run(*arguments, "--object", given)
    assert str(caught.value) == message


def test_the_process(arguments: list[str]) -> None:
    """Without a configuration, stdout is JSON and stderr is empty."""
    command = [sys.executable, "-m", "target_salesforce_bulk", "map", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "people": {
            "object": "Contact",
            "operation": "upsert",
            "key": "id",
            "fields": {
                "id": {
                    "field": None,
                    "score": 0.0,
                    "reason": "an identifier of the source",
                    "alternatives": [],
                },
                "surname": {
                    "field": "LastName",
                    "score": 0.916,
                    "reason": "synonym",
                    "alternatives": [],
                },
                "mobile": {
                    "field": "MobilePhone",
                    "score": 0.946,
                    "reason": "synonym; values look like a phone",
                    "alternatives": [],
                },
            },
        }
    }


def test_words_of_ones_own(arguments: list[str], tmp_path: Path) -> None:
    """A name that only the file explains gets its field."""
    words = tmp_path / "words.toml"
    words.write_text('[concepts.surname]\nfields = ["LastName"]\nphrases = ["zuname-x"]\n')
    catalog = json.loads((tmp_path / "catalog.json").read_text())
    properties = catalog["streams"][0]["schema"]["properties"]
    properties["zuname-x"] = properties.pop("surname")
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))

    def field(*more: str) -> Any:
        found = json.loads(run(*arguments, "--object", "people=Contact", "--json", *more).stdout)
        return found["people"]["fields"]["zuname-x"]["field"]

    assert (field(), field("--vocabulary", str(words))) == (None, "LastName")
