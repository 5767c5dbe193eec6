"""The command that tests a mapping."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from crm_objects import describe, field

from target_salesforce_bulk.cli.map_unit import unit
from target_salesforce_bulk.errors import InputError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

STREAMS = {
    "people": {
        "object": "Contact",
        "external_id_field": "Key__c",
        "field_mapping": {"id": "Key__c", "mail": "Email"},
    }
}
MELTANO = """\
plugins:
  loaders:
  - name: target-salesforce-bulk
    config:
      login_url: $LOGIN_URL
      streams:
        people:
          object: Contact
          external_id_field: Key__c
          field_mapping: {id: Key__c, mail: Email}
"""
TESTS = """\
unit_tests:
  - name: a good one
    stream: people
    given: [{id: 1, mail: a@b.c}]
    expect: [{Key__c: 1, Email: a@b.c}]
  - name: a bad address
    stream: people
    describes: describes
    given: [{id: 1, mail: x}]
    expect: [{refused: INVALID_EMAIL_ADDRESS}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration, tests and describe documents."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"streams": STREAMS}))
    (tmp_path / "meltano.yml").write_text(MELTANO)
    (tmp_path / "mapping_tests.yml").write_text(TESTS)
    (tmp_path / "describes").mkdir()
    key = field("Key__c:string", externalId=True, idLookup=True)
    (tmp_path / "describes" / "Contact.json").write_text(json.dumps(describe("Contact", key)))
    return tmp_path


def run(*arguments: str) -> Any:
    return CliRunner(catch_exceptions=False).invoke(unit, arguments)


@pytest.mark.parametrize("config", ["config.json", "meltano.yml"])
def test_all_pass(folder: Path, config: str) -> None:
    """With the settings of either file, and without credentials."""
    done = run("--config", config)

    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        [
            "ok    mapping_tests.yml:2  a good one",
            "ok    mapping_tests.yml:6  a bad address",
            "2 tests, 0 failed.",
        ],
    )


def test_one_fails(folder: Path) -> None:
    """The difference is shown, and the exit code is 1; documents may be given for all tests."""
    (folder / "other.yml").write_text(TESTS.replace("Email: a@b.c", "Email: x@y.z"))
    done = run("--config", "config.json", "--describes", "describes", "other.yml")

    assert (done.exit_code, done.stdout.splitlines()) == (
        1,
        [
            "FAIL  other.yml:2  a good one",
            "        row 1: Email: expected 'x@y.z', got 'a@b.c'",
            "ok    other.yml:6  a bad address",
            "2 tests, 1 failed.",
        ],
    )


def test_a_stream_without_settings(folder: Path) -> None:
    """Its test fails."""
    (folder / "mapping_tests.yml").write_text(TESTS.replace("stream: people", "stream: persons"))

    assert "        no entry of streams is for persons" in run("--config", "config.json").stdout


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--config", "meltano.yml", "--config", "config.json"], SettingsError),
        (["--config", "bad.json"], SettingsError),
        (["--config", "bad.yml"], SettingsError),
        (["--config", "config.json", "meltano.yml"], InputError),
    ],
)
def test_what_cannot_be_read(folder: Path, arguments: list[str], error: type[Exception]) -> None:
    """Two sources, settings that are none, and tests that are none."""
    (folder / "bad.json").write_text('{"streams": {"people": {"objekt": "Contact"}}}')
    (folder / "bad.yml").write_text(MELTANO.replace("object:", "objekt:"))
    with pytest.raises(error):
        run(*arguments)
