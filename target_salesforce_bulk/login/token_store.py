"""Keeps the refresh token of a login, or the one that replaced the configured one.

With refresh-token rotation each renewal returns a new token and revokes the old one, so the new one
must be on disk before it is used.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import time
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import (
    AuthenticationError,
    SettingsError,
    StateDirectoryError,
)
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.login import system_keyring
from target_salesforce_bulk.login.secret import clean_secret
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.redaction import conceal
from target_salesforce_bulk.state_directory import StateDirectory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from target_salesforce_bulk.settings import Settings

logger = logging.getLogger(__name__)

_LOCK_WAIT_SECONDS = 0.1
#: Longer than a login takes that gets no answer, with the default settings.
_LOCK_ATTEMPTS = 6000


class TokenStore:
    """A file for the newest refresh token, readable by its owner only.

    Args:
        directory: The state directory, with a file for each login.
        configured: The token in the configuration; empty if `login` stores the first one. What is
            stored counts only for the token that it replaced, so a new one in the configuration
            wins.
        in_keyring: Whether the next token goes to the system's keyring; the file then names its
            account. None for where the one before is.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        directory: StateDirectory,
        configured: str,
        *,
        in_keyring: bool | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._directory = directory
        self._path = directory.token_file
        self._configured = configured
        self._in_keyring = in_keyring
        self._mark = hashlib.sha256(configured.encode()).hexdigest()
        self._sleep = sleep

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from replacing the token meanwhile.

        Raises:
            StateDirectoryError: another process does not release it, or it cannot be locked.
        """
        descriptor = self._open_lock()
        try:
            self._lock(descriptor)
            self._take_over()
            yield
        finally:
            os.close(descriptor)  # this releases it as well

    def newest(self) -> str:
        """The token to log in with.

        Raises:
            StateDirectoryError: there is a file that cannot be read.
            AuthenticationError: there is no token, or the keyring does not give it.
        """
        token = self.stored() or self._configured
        if token:
            return token
        if self._account():
            raise AuthenticationError(
                "The system keyring no longer has the refresh token that "
                f"{self._directory.path} names. Run target-salesforce-bulk login."
            )
        raise AuthenticationError(
            "No refresh token is set, and none is stored for this client_id and login_url in "
            f"{self._directory.path}. Run target-salesforce-bulk login."
        )

    def stored(self) -> str:
        """The stored token; empty if there is none.

        Raises:
            StateDirectoryError: there is a file that cannot be read.
            AuthenticationError: the keyring does not give it.
        """
        return self._read(self._path)

    def delete(self) -> None:
        """Delete the stored token.

        Raises:
            StateDirectoryError: it cannot be deleted.
        """
        if account := self._account():
            _delete_from_keyring(account)
        try:
            self._path.with_suffix(".new").unlink(missing_ok=True)
            self._path.unlink(missing_ok=True)
            self._sync_folder()
        except OSError as error:
            raise StateDirectoryError(
                f"The refresh token in {self._path} cannot be deleted: {error.strerror}. Delete "
                "the file."
            ) from error

    def _read(self, path: Path) -> str:
        """The token of a file that replaced the configured one; empty where there is none."""
        stored = self._content(path)
        token, account = stored.get("refresh_token"), stored.get("keyring_account")
        if isinstance(account, str) and account:
            token = system_keyring.read_token(account)
        if not isinstance(token, str) or not token:
            return ""
        conceal(token)
        return token

    def _account(self) -> str:
        """The account in the keyring that has the token; empty if none has."""
        account = self._content(self._path).get("keyring_account")
        return account if isinstance(account, str) else ""

    def _content(self, path: Path) -> dict[str, Any]:
        """What a file says of the configured token; empty if it says nothing."""
        try:
            stored = json.loads(path.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        except OSError as error:
            raise StateDirectoryError(
                f"The refresh token in {path} cannot be read: {error.strerror}."
            ) from error
        replaces = isinstance(stored, dict) and stored.get("replaces") == self._mark
        return stored if replaces else {}

    def _take_over(self) -> None:
        """Move the token that an earlier version kept, where logins had no files of their own."""
        earlier = self._directory.earlier_token_file
        if not self._path.exists() and (token := self._read(earlier)):
            self._write({"refresh_token": token})
            earlier.unlink(missing_ok=True)

    def save(self, token: str) -> None:
        """Keep a token that replaces the one before.

        Raises:
            StateDirectoryError: it cannot be written, so the old one would be lost.
        """
        account = self._account()
        to_keyring = bool(account) if self._in_keyring is None else self._in_keyring
        if to_keyring and self._save_in_keyring(account, token):
            return
        self._write({"refresh_token": token})
        if account and not to_keyring:
            _delete_from_keyring(account)

    def _save_in_keyring(self, account: str, token: str) -> bool:
        """Keep a token in the keyring; False where it does not take it.

        Salesforce has revoked the one before already, so this one must not be lost.
        """
        name = account or self._new_account()
        try:
            system_keyring.write_token(name, token)
        except (AuthenticationError, SettingsError) as error:
            logger.warning(
                "%s The refresh token is kept in %s instead.",
                error,
                self._path,
                extra=log_facts(LogCode.KEYRING_REFUSED),
            )
            return False
        if not account:
            self._write({"keyring_account": name})
        return True

    def _new_account(self) -> str:
        """The same for each login of this store, so that none is left behind."""
        place = str(self._path.resolve()).encode()
        return f"{self._path.stem} {hashlib.sha256(place).hexdigest()[:16]}"

    def _write(self, content: dict[str, str]) -> None:
        draft = self._path.with_suffix(".new")
        try:
            draft.unlink(missing_ok=True)  # of a process that died
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(draft, flags, 0o600), "w") as file:
                json.dump({"replaces": self._mark} | content, file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
            self._sync_folder()
        except OSError as error:
            raise StateDirectoryError(
                "Salesforce replaced the refresh token, but the new one cannot be stored in "
                f"{self._path}: {error.strerror}. Make the folder writable; then authorize the "
                "app again."
            ) from error

    def _sync_folder(self) -> None:
        descriptor = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _open_lock(self) -> int:
        path = self._path.with_suffix(".lock")
        try:
            self._directory.prepare()
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StateDirectoryError(
                f"{path} cannot be opened: {error.strerror}. Without it a new refresh token could "
                "not be stored, so the login was not attempted. Make the folder writable."
            ) from error

    def _lock(self, descriptor: int) -> None:
        for attempt in count(1):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if attempt >= _LOCK_ATTEMPTS:
                    raise StateDirectoryError(
                        f"Another process has been logging in with {self._path} for "
                        f"{_LOCK_ATTEMPTS * _LOCK_WAIT_SECONDS:.0f} seconds. Stop it, and run "
                        "again."
                    ) from error
            else:
                return
            self._sleep(_LOCK_WAIT_SECONDS)


def _delete_from_keyring(account: str) -> None:
    try:
        system_keyring.delete_token(account)
    except (AuthenticationError, SettingsError) as error:
        logger.warning(
            "The token of account %s of target-salesforce-bulk stays in the system keyring. "
            "Delete it there. %s",
            plain_text(account),
            error,
            extra=log_facts(LogCode.KEYRING_KEEPS_TOKEN),
        )


def token_store(settings: Settings, *, in_keyring: bool | None = None) -> TokenStore:
    """The store for the login of these settings.

    Args:
        settings: The settings.
        in_keyring: See `TokenStore`.

    Raises:
        SettingsError: the configured token is invalid.
    """
    given = settings.refresh_token
    configured = "" if given is None else clean_secret(given, "refresh_token")
    directory = StateDirectory(settings.state_dir, settings.login)
    return TokenStore(directory, configured, in_keyring=in_keyring)
