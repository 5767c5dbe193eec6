"""Files of settings, and `.env`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.configuration.files import read_dotenv, read_files
from target_salesforce_bulk.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_later_file_goes_before_an_earlier_one(tmp_path: Path) -> None:
    """Setting by setting."""
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    first.write_text('{"a": 1, "b": 1}')
    second.write_text('{"b": 2}')

    assert read_files([str(first), str(second)]) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"client_secret": hush}', r"is not JSON \(line 1, column 19\)\. Correct it\."),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b'["hush"]', "holds no JSON object"),
    ],
)
def test_a_file_that_holds_no_settings(tmp_path: Path, content: bytes, message: str) -> None:
    """It is named, and nothing of it is repeated."""
    path = tmp_path / "config.json"
    path.write_bytes(content)

    with pytest.raises(SettingsError, match=message) as caught:
        read_files([str(path)])
    assert "hush" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """It is named with the reason."""
    with pytest.raises(SettingsError, match=r"none\.json cannot be read: No such file"):
        read_files([str(tmp_path / "none.json")])


def test_only_the_folder_itself_is_looked_into(tmp_path: Path) -> None:
    """Someone who can write to a parent folder must not choose the login."""
    folder = tmp_path / "below"
    folder.mkdir()
    (tmp_path / ".env").write_text("A=above")
    assert read_dotenv(folder) == {}

    (folder / ".env").write_text("A='below'\nB=\nC\n")
    assert read_dotenv(folder) == {"A": "below", "B": ""}


def test_a_dotenv_that_is_no_text(tmp_path: Path) -> None:
    """It is named."""
    (tmp_path / ".env").write_bytes(b"A=\xff")

    with pytest.raises(SettingsError, match=r"\.env cannot be read: it is not UTF-8"):
        read_dotenv(tmp_path)
