"""Tokens in the system's keyring, and the keyrings that there are not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import keyring
import pytest
from file_keyring import FileKeyring
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as Forgetful

from target_salesforce_bulk.errors import AuthenticationError, SettingsError
from target_salesforce_bulk.login import system_keyring

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FILE_KEYRING", str(tmp_path / "keyring.json"))
    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring())
    yield
    keyring.set_keyring(before)


def test_a_token_is_written_read_and_deleted() -> None:
    """Each account has its own."""
    system_keyring.write_token("one", "first")
    system_keyring.write_token("one", "second")
    system_keyring.write_token("two", "third")
    system_keyring.delete_token("two")
    system_keyring.delete_token("two")

    assert [system_keyring.read_token(each) for each in ("one", "two")] == ["second", ""]


def test_a_machine_without_a_keyring() -> None:
    """The line says what to do."""
    keyring.set_keyring(NoKeyring())

    with pytest.raises(AuthenticationError, match=r"keyring cannot be used.*without --keyring"):
        system_keyring.check()


def test_a_keyring_that_keeps_nothing() -> None:
    """Such as that of a user who has disabled it."""
    keyring.set_keyring(Forgetful())

    with pytest.raises(AuthenticationError, match="it does not keep what is stored in it"):
        system_keyring.check()


def test_an_error_of_a_backend_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backends raise whatever their system does."""

    def fail(*_: str) -> None:
        raise OSError("dbus\nis gone")

    monkeypatch.setattr(FileKeyring, "get_password", fail)

    with pytest.raises(
        AuthenticationError, match=r"cannot be used: dbus is gone\. Unlock or repair it"
    ):
        system_keyring.read_token("one")


def test_the_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named."""
    monkeypatch.setitem(sys.modules, "keyring", None)

    with pytest.raises(SettingsError, match=r"pip install 'target-salesforce-bulk\[keyring\]'"):
        system_keyring.read_token("one")
