"""Keeps the refresh token that replaced the one in the configuration.

With refresh-token rotation each renewal returns a new token and kills the old one, so the new one
must be on disk before it is used.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import StateDirectoryError

if TYPE_CHECKING:
    from pathlib import Path


class TokenStore:
    """A file for the newest refresh token, readable by its owner only.

    Args:
        path: The file.
        configured: The token in the configuration. What is stored counts only for the token that it
            replaced, so a new one in the configuration wins.
    """

    def __init__(self, path: Path, configured: str) -> None:
        self._path = path
        self._configured = configured
        self._mark = hashlib.sha256(configured.encode()).hexdigest()

    def newest(self) -> str:
        """The token to log in with."""
        try:
            stored = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return self._configured
        token = stored.get("refresh_token") if stored.get("replaces") == self._mark else None
        return token or self._configured

    def save(self, token: str) -> None:
        """Keep a token that replaces the one before.

        Raises:
            StateDirectoryError: it cannot be written, so the old one would be lost.
        """
        draft = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump({"replaces": self._mark, "refresh_token": token}, file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as error:
            raise StateDirectoryError(
                f"Salesforce replaced the refresh token, but the new one cannot be kept in "
                f"{self._path}: {error}. Make the folder writable; then log in anew."
            ) from error
