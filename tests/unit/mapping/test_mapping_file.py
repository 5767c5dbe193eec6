"""A file with the setting `streams`, changed in place."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from target_salesforce_bulk.errors import InputError, SettingsError
from target_salesforce_bulk.mapping.mapping_file import MappingFile

MELTANO = """\
# The project of the CRM team.
plugins:
  extractors:
    - name:   tap-x
  loaders:
    - name: target-salesforce-bulk
      config:
        login_url: 'https://x'
        # What we load.
        streams:
          contacts:
            object: "Contact"   # the people
            field_mapping:
              id: External_Id__c  # the key

              # email: Email
          leads:
            object: Lead
"""
CHANGE = {"contacts": {"operation": "upsert", "object": None, "field_mapping": {"name": "Name"}}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A project file."""
    path = tmp_path / "meltano.yml"
    path.write_text(MELTANO)
    return path


def test_what_is_written(path: Path) -> None:
    """Plain values."""
    assert MappingFile.read(path).streams == {
        "contacts": {"object": "Contact", "field_mapping": {"id": "External_Id__c"}},
        "leads": {"object": "Lead"},
    }


def test_the_rest_stays(path: Path) -> None:
    """Key by key, and column by column; None takes out."""
    assert MappingFile.read(path).merged(CHANGE) == MELTANO.replace(
        '            object: "Contact"   # the people\n', ""
    ).replace(
        "External_Id__c  # the key\n", "External_Id__c  # the key\n              name: Name\n"
    ).replace(
        "              name: Name\n", "              name: Name\n            operation: upsert\n"
    )


def test_a_second_time(path: Path) -> None:
    """What is written already changes nothing."""
    first = MappingFile.read(path)
    first.save(first.merged(CHANGE))
    second = MappingFile.read(path)

    assert second.merged(CHANGE) == second.text
    assert second.diff(second.text) == ""


def test_the_difference(path: Path) -> None:
    """A unified diff of lines."""
    file = MappingFile.read(path)

    assert file.diff(file.merged({"leads": {"object": "Case"}})).splitlines() == [
        f"--- {path}",
        f"+++ {path}",
        "@@ -15,4 +15,4 @@",
        " ",
        "               # email: Email",
        "           leads:",
        "-            object: Lead",
        "+            object: Case",
    ]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o660])
def test_saving(path: Path, mode: int) -> None:
    """The permissions stay, and a link stays one; nothing else is left in the folder."""
    path.chmod(mode)
    link = path.with_name("link.yml")
    link.symlink_to(path)
    file = MappingFile.read(link)
    file.save(text := file.merged(CHANGE))

    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (text, mode)
    assert link.is_symlink()
    assert {each.name for each in path.parent.iterdir()} == {"meltano.yml", "link.yml"}


def test_a_mark_and_line_ends(path: Path) -> None:
    """A byte order mark and CRLF stay."""
    path.write_bytes(b"\xef\xbb\xbf" + MELTANO.replace("\n", "\r\n").encode())
    file = MappingFile.read(path)
    file.save(file.merged({"leads": {"object": "Case"}}))

    assert (
        path.read_bytes()
        == b"\xef\xbb\xbf" + MELTANO.replace("Lead", "Case").replace("\n", "\r\n").encode()
    )


def test_a_new_configuration(tmp_path: Path) -> None:
    """A file that is not there is made, for its owner: it will hold credentials."""
    path = tmp_path / "config.json"
    file = MappingFile.read(path)
    file.save(file.merged({"a": {"object": "Lead"}}))

    assert (
        path.read_text() == '{\n  "streams": {\n    "a": {\n      "object": "Lead"\n    }\n  }\n}\n'
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["meltano.yml", "config.json"])
def test_a_change_meanwhile(tmp_path: Path, name: str) -> None:
    """What somebody else has written since is not overwritten."""
    path = tmp_path / name
    if name == "meltano.yml":
        path.write_text(MELTANO)
    file = MappingFile.read(path)
    path.write_text("{}")

    with pytest.raises(SettingsError) as caught:
        file.save(file.merged(CHANGE))
    assert str(caught.value) == (
        f"{path} has changed since it was read, so it is left as it is. Repeat the command."
    )
    assert path.read_text() == "{}"


def test_a_folder_that_cannot_be_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old file stays, and no other one."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    file = MappingFile.read(path)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(SettingsError) as caught:
        file.save("a: 1")
    assert str(caught.value).startswith(f"{path} cannot be written: Permission denied.")
    assert [each.name for each in path.parent.iterdir()] == ["meltano.yml"]
    assert path.read_text() == MELTANO


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("m.yml", None, SettingsError, " does not exist. Run meltano init first, or name a .json"),
        ("m.yml", b"a: 1\nb: \xff\n", InputError, ", line 2: the file is not UTF-8."),
        ("c.json", b'{"streams": {"a": 1}}', InputError, ": streams does not have the form"),
        ("c.json", b'{"streams": [1]}', InputError, ": streams does not have the form"),
        ("c.json", b'{"streams": {"a": {"field_mapping": 1}}}', InputError, ": streams does not"),
    ],
)
def test_what_is_not_read(
    tmp_path: Path, name: str, content: bytes | None, error: type[Exception], message: str
) -> None:
    """The error names the file and what to do."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error) as caught:
        MappingFile.read(path)
    assert str(caught.value).startswith(f"{path}{message}")


def test_a_folder(tmp_path: Path) -> None:
    """It is no file."""
    with pytest.raises(InputError) as caught:
        MappingFile.read(tmp_path)
    assert "cannot be read: Is a directory" in str(caught.value)
