"""The journal's SQLite file: locked, private, and of the newest schema.

Every change is one transaction that is on disk when it ends (WAL with `synchronous=FULL`), so a
kill at any moment leaves either all of it or nothing.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import StateDirectoryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SCHEMA_VERSION = 2

_SCHEMA = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    started_at TEXT NOT NULL,
    ended_at TEXT
) STRICT;
CREATE TABLE batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice, as it names a folder
    run_id TEXT NOT NULL REFERENCES runs (id),
    plan TEXT NOT NULL,
    state TEXT NOT NULL,
    rows INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    merged INTEGER NOT NULL DEFAULT 0,
    job_id TEXT,
    attempt INTEGER NOT NULL DEFAULT 0,
    parent_id INTEGER REFERENCES batches (id),
    origin_id INTEGER REFERENCES batches (id),
    depth INTEGER NOT NULL DEFAULT 0,
    resends INTEGER NOT NULL DEFAULT 0,  -- whether it was made of stored failed rows
    loaded INTEGER,
    failed INTEGER,
    unprocessed INTEGER,
    uncertain INTEGER,
    refused INTEGER,
    retried INTEGER,
    covered_rows INTEGER NOT NULL DEFAULT 0,  -- rows before the last STATE that was written
    covered_refused INTEGER NOT NULL DEFAULT 0,
    changed_at TEXT NOT NULL
) STRICT;
CREATE TABLE failed_rows (
    id INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES runs (id),
    batch_id INTEGER NOT NULL REFERENCES batches (id),
    stream TEXT NOT NULL,
    object TEXT NOT NULL,
    operation TEXT NOT NULL,
    key TEXT,
    same_key TEXT,  -- in the form in which keys compare
    row TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    fields TEXT NOT NULL,
    job_id TEXT,
    attempt INTEGER NOT NULL,
    origin TEXT NOT NULL,
    class TEXT NOT NULL,
    failed_at TEXT NOT NULL,
    retry_batch_id INTEGER REFERENCES batches (id)  -- the batch that sends it again
) STRICT;
"""

_LATER_SCHEMA = """
CREATE INDEX IF NOT EXISTS batches_by_state ON batches (state);
CREATE INDEX IF NOT EXISTS failed_rows_by_run ON failed_rows (run_id, stream);
CREATE INDEX failed_rows_by_key ON failed_rows (object, same_key);
CREATE INDEX failed_rows_by_job ON failed_rows (job_id);
CREATE INDEX failed_rows_by_retry ON failed_rows (retry_batch_id);
CREATE TABLE seen_rows (  -- dealt with by an interrupted run, and not covered by STATE
    stream TEXT NOT NULL,
    map_fingerprint TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (stream, map_fingerprint, fingerprint)
) STRICT, WITHOUT ROWID;
CREATE TABLE foreign_jobs (  -- jobs with failed rows that another machine's journal knows
    job_id TEXT PRIMARY KEY,
    entry TEXT NOT NULL
) STRICT;
"""

#: A file of ours; one that a link leads to is somebody else's.
_PRIVATE = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW

#: What brings a journal of an earlier version up to the next one, by its version.
_MIGRATIONS = {
    1: """
ALTER TABLE batches ADD COLUMN parent_id INTEGER REFERENCES batches (id);
ALTER TABLE batches ADD COLUMN origin_id INTEGER REFERENCES batches (id);
ALTER TABLE batches ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN resends INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN retried INTEGER;
ALTER TABLE batches ADD COLUMN covered_rows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN covered_refused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE failed_rows ADD COLUMN same_key TEXT;
ALTER TABLE failed_rows ADD COLUMN retry_batch_id INTEGER REFERENCES batches (id);
""",
}


class Database:
    """The open file, which no other process has; safe to use from any thread.

    Args:
        state_dir: The state directory.

    Raises:
        StateDirectoryError: it cannot be used; the sentence says why, and what to do.
    """

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        #: Folder with a folder for each batch.
        self.batches_dir = state_dir / "batches"
        self._mutex = threading.RLock()
        try:
            self._make_private_folders()
            self._lock = self._take_lock()
            self._db = self._open()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise self._unusable(error) from error
            raise StateDirectoryError(
                f"The journal {state_dir / 'journal.sqlite3'} is damaged: {error}. Bring it back "
                "from a copy. Without one, move it away: jobs that are under way then have to be "
                "looked up in Salesforce (Setup, Bulk Data Load Jobs)."
            ) from error
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> StateDirectoryError:
        return StateDirectoryError(
            f"The state directory {self.state_dir} cannot be used: {error}. "
            "Make it writable for this user, or set state_dir to a folder that is."
        )

    def _make_private_folders(self) -> None:
        # Batches and failed rows are customer data.
        for folder in (self.state_dir, self.batches_dir):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if folder.stat().st_mode & 0o077:
                folder.chmod(0o700)

    def _take_lock(self) -> int:
        """Lock the state directory; the lock goes with the process, however that ends."""
        path = self.state_dir / "lock"
        descriptor = os.open(path, _PRIVATE, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 100).decode(errors="replace").strip() or "another process"
            os.close(descriptor)
            raise StateDirectoryError(
                f"The state directory {self.state_dir} is in use by {holder}. "
                "Wait until it has finished, or give this run a state_dir of its own."
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()}, started {now()}".encode())
        return descriptor

    def _open(self) -> sqlite3.Connection:
        path = self.state_dir / "journal.sqlite3"
        # The file exists, private, before SQLite opens it with the process's own mode.
        os.close(os.open(path, _PRIVATE, 0o600))
        db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA foreign_keys=ON")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            db.close()
            raise StateDirectoryError(
                f"The journal in {self.state_dir} was written by a later version of this program "
                f"(schema {version}, this one knows {SCHEMA_VERSION}). "
                "Install that version, or set state_dir to a new folder."
            )
        if version < SCHEMA_VERSION:
            steps = [_MIGRATIONS[each] for each in range(version, SCHEMA_VERSION) if each]
            script = "".join(steps) if version else _SCHEMA
            db.executescript(
                f"BEGIN; {script} {_LATER_SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;"
            )
        return db

    def close(self) -> None:
        """Give the state directory free for the next run."""
        with self._mutex:
            self._db.close()
            os.close(self._lock)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is done within is on disk when it ends, or none of it."""
        with self._mutex:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows that a SELECT finds."""
        with self._mutex:
            return self._db.execute(sql, values).fetchall()


def now() -> str:
    """The time as the journal keeps it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
