"""The journal's SQLite file: locked, private, and upgraded to the newest schema.

Every change is one transaction, and it is on disk when the transaction ends (WAL with
`synchronous=FULL`). A kill at any moment leaves all of it or nothing.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.journal import schema
from target_salesforce_bulk.private_files import UsingFiles, make_folder
from target_salesforce_bulk.state_directory import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: Never follow a symbolic link: its target may belong to another user.
_PRIVATE = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class Database:
    """The open file, locked against other processes; safe to use from any thread.

    Args:
        state_dir: The folder of an org in the state directory.
        read_only: Whether to read beside a run that may be under way; nothing is changed then.

    Raises:
        StateDirectoryError: it cannot be used.
    """

    def __init__(self, state_dir: Path, *, read_only: bool = False) -> None:
        self.state_dir = state_dir
        self._path = state_dir / JOURNAL
        #: Folder with one folder per batch.
        self.batches_dir = state_dir / "batches"
        #: Folder with the fingerprints of rows that may come again.
        self.fingerprints_dir = state_dir / "fingerprints"
        self._mutex = threading.RLock()
        self._lock: int | None
        try:
            with UsingFiles(state_dir):
                self._lock, self._db = self._open_to_read() if read_only else self._open()
        except StateDirectoryError as error:
            if not _is_damage(error.__cause__):
                raise
            raise StateDirectoryError(
                f"The journal {self._path} is damaged: {error.__cause__}. Restore it from a "
                "backup. Without one, move it away, and look up the jobs in progress in "
                "Salesforce (Setup, Bulk Data Load Jobs)."
            ) from error

    def _take_lock(self) -> int:
        """Lock the state directory; the lock ends with the process."""
        path = self.state_dir / "lock"
        descriptor = os.open(path, _PRIVATE, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 100).decode(errors="replace").strip() or "another process"
            os.close(descriptor)
            raise StateDirectoryError(
                f"The state directory {self.state_dir} is in use by {holder}. "
                "Wait until it has finished, or set a different state_dir for this run."
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()}, started {now()}".encode())
        return descriptor

    def _open(self) -> tuple[int, sqlite3.Connection]:
        # Batches and failed rows are customer data.
        for folder in (self.state_dir, self.batches_dir, self.fingerprints_dir):
            make_folder(folder)
        lock = self._take_lock()
        # Create the file as private before SQLite would create it with the default mode.
        os.close(os.open(self._path, _PRIVATE, 0o600))
        db = self._connect("rwc")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA foreign_keys=ON")
        version = self._version(db)
        if version < schema.VERSION:
            db.executescript(schema.upgrade(version))
        return lock, db

    def _open_to_read(self) -> tuple[None, sqlite3.Connection]:
        os.close(os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW))
        # SQLite keeps two files beside an open journal. Those of a run that was killed or is under
        # way it leaves alone only if it may not write; its own it removes only if it may.
        is_clean = not self._path.with_name(f"{JOURNAL}-wal").exists()
        db = self._connect("rw" if is_clean else "ro")
        db.execute("PRAGMA query_only=ON")
        if self._version(db) < schema.VERSION:
            db.close()
            raise StateDirectoryError(
                f"The journal in {self.state_dir} was written by an earlier version of this "
                "program. The next run upgrades it."
            )
        return None, db

    def _connect(self, mode: str) -> sqlite3.Connection:
        db = sqlite3.connect(
            f"file:{quote(str(self._path))}?mode={mode}",
            uri=True,
            check_same_thread=False,
            isolation_level=None,
        )
        db.row_factory = sqlite3.Row
        return db

    def _version(self, db: sqlite3.Connection) -> int:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version > schema.VERSION:
            db.close()
            raise StateDirectoryError(
                f"The journal in {self.state_dir} was written by a later version of this program "
                f"(schema {version}; this version supports {schema.VERSION}). Install that "
                "version, or set state_dir to a new folder."
            )
        return version

    def close(self) -> None:
        """Release the state directory."""
        with self._mutex:
            self._db.close()
            if self._lock is not None:
                os.close(self._lock)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is done within is on disk when it ends, or none of it.

        Raises:
            StateDirectoryError: it cannot be brought to disk, or a file cannot be read or written
                that belongs to it.
        """
        with self._mutex, UsingFiles(self.state_dir):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk may have ended it already
                    self._db.execute("ROLLBACK")
                raise

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows that a SELECT finds.

        Raises:
            StateDirectoryError: it cannot be read.
        """
        with self._mutex, UsingFiles(self.state_dir):
            return self._db.execute(sql, values).fetchall()

    def exists(self, sql: str, values: Sequence[Any] = ()) -> bool:
        """Whether a SELECT finds anything."""
        return bool(self.query(f"SELECT EXISTS ({sql}) AS found", values)[0]["found"])


def _is_damage(error: BaseException | None) -> bool:
    """Whether the file itself is damaged, rather than inaccessible."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.OperationalError
    )


def now() -> str:
    """The current time, in the journal's format."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
