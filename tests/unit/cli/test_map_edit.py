"""`map edit`: what is read, and where it is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from crm_objects import describes

from target_salesforce_bulk.cli.map_edit import edit
from target_salesforce_bulk.editor import server
from target_salesforce_bulk.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

STREAM = {
    "stream": "people",
    "tap_stream_id": "people",
    "schema": {"properties": {"surname": {"type": "string"}}},
    "metadata": [],
}


@pytest.fixture
def arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files with one stream and some objects, in the folder that is worked in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "describes").mkdir()
    for name, document in describes().items():
        (tmp_path / "describes" / f"{name}.json").write_text(json.dumps(document))
    (tmp_path / "catalog.json").write_text(json.dumps({"streams": [STREAM]}))
    (tmp_path / "samples.json").write_text(json.dumps({"people": {"surname": ["Quast"]}}))
    return [
        *("--catalog", "catalog.json", "--describes", "describes"),
        *("--samples", "samples.json", "--object", "people=lead"),
    ]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], Any]]:
    """What is served: how the page begins, and the options."""
    found: list[tuple[dict[str, Any], Any]] = []
    monkeypatch.setattr(
        server, "serve", lambda editor, **options: found.append((editor.start(), options))
    )
    return found


def run(*arguments: str) -> Any:
    return CliRunner(catch_exceptions=False).invoke(edit, arguments)


def test_what_is_shown(arguments: list[str], served: list[Any]) -> None:
    """The streams with values, the objects of the folder, and the object that is decided."""
    run(*arguments, "--no-open", "--port", "4000")

    ((start, options),) = served
    assert options == {"port": 4000, "opens_browser": False}
    assert (start["file"], start["place"]) == ("config.json", "describes")
    assert {each["name"] for each in start["choices"]} == describes().keys()
    (stream,) = start["streams"]
    assert stream["draft"]["object"] == "Lead"
    assert stream["columns"] == [{"name": "surname", "type": "string", "values": ["Quast"]}]


@pytest.mark.parametrize(
    ("given", "file"), [([], "meltano.yml"), (["--write", "other.json"], "other.json")]
)
def test_the_file(
    arguments: list[str], served: list[Any], tmp_path: Path, given: list[str], file: str
) -> None:
    """A project goes before a configuration, and what is given before both."""
    (tmp_path / "meltano.yml").write_text(
        "plugins: {loaders: [{name: target-salesforce-bulk, config: {}}]}\n"
    )

    run(*arguments, *given)

    assert served[0][0]["file"] == file


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
