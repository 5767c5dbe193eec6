"""A keyring in a file, for tests: what a desktop's keyring is to a user."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class FileKeyring(KeyringBackend):
    """Keeps passwords in the file that FILE_KEYRING names."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write(self._read() | {f"{service} {username}": password})

    def delete_password(self, service: str, username: str) -> None:
        known = self._read()
        if known.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError("there is none")
        self._write(known)

    @property
    def _path(self) -> Path:
        return Path(os.environ["FILE_KEYRING"])

    def _read(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        known: dict[str, str] = json.loads(self._path.read_text())
        return known

    def _write(self, known: dict[str, str]) -> None:
        self._path.write_text(json.dumps(known))
