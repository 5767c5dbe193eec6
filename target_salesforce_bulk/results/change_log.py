"""What the tap has seen of the outcomes of rows, each change with a number of its own.

The journal has only what is true now: a failed row is gone from it once it is loaded, replaced or
discarded, and the time of a batch changes with each of its states. So the tap notes what it finds
there in a file of its own beside it, in which each change gets a number that grows. That number is
what its bookmarks are made of, so several warehouses may read one state directory.

The journal is only read. The values of a row are forgotten as soon as the journal has forgotten it.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

import msgspec

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.journal.readings import Plan
from target_salesforce_bulk.private_files import UsingFiles
from target_salesforce_bulk.results.loaded_rows import saved_results

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from target_salesforce_bulk.journal.readings import Readings

FILE = "results-tap.sqlite3"
#: How long it is remembered that a row is no longer a failed one.
_KEPT = timedelta(days=90)
_WAIT_SECONDS = 60
_PORTION = 1000
_LAST_ROW = 2**63 - 1

_TABLES = """
CREATE TABLE IF NOT EXISTS log (
    born TEXT NOT NULL  -- when this file was made
) STRICT;
CREATE TABLE IF NOT EXISTS changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id INTEGER NOT NULL,
    row_id INTEGER NOT NULL,  -- of a failed row; 0 for the loaded rows of a batch
    path TEXT,  -- the file of the loaded rows, in the folder of the org
    facts TEXT NOT NULL,
    resolved_at TEXT,  -- when a failed row was found to be one no more
    UNIQUE (row_id, batch_id)
) STRICT;
INSERT INTO log SELECT strftime('%Y%m%dT%H%M%fZ', 'now') WHERE NOT EXISTS (SELECT 1 FROM log);
"""

_ADD = "INSERT OR REPLACE INTO changes (batch_id, row_id, path, facts) VALUES (?, ?, ?, ?)"
#: A replaced row gets the next number.
_RESOLVE = """
INSERT OR REPLACE INTO changes (batch_id, row_id, facts, resolved_at)
SELECT batch_id, row_id, json_remove(facts, '$.message', '$.fields', '$.cells'), ?
FROM changes WHERE row_id = ? AND batch_id = ?
"""
_OPEN = """
SELECT row_id, batch_id FROM changes
WHERE row_id > ? AND row_id <= ? AND resolved_at IS NULL ORDER BY row_id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A failed row, or the loaded rows of a batch, as of their last change."""

    number: int
    row_id: int
    #: The file of the loaded rows; None for a failed row.
    path: str | None
    facts: dict[str, Any]
    resolved_at: str | None


class ChangeLog:
    """The file with the changes of one org.

    Args:
        folder: The folder of the org, which must be writable.

    Raises:
        StateDirectoryError: it cannot be used, or another tap has been busy with it for a minute.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        path = folder / FILE
        with UsingFiles(folder):
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(path, flags, 0o600))
            self._db = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            try:
                self._db.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError as error:
                raise StateDirectoryError(
                    f"{path} is damaged: {error}. Remove it: the next run of the tap makes it anew "
                    "and sends every row again."
                ) from error
            #: When the file was made: numbers of another one mean nothing here.
            self.born: str = self._db.execute("SELECT born FROM log").fetchone()["born"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def notice(self, readings: Readings) -> None:
        """Note what has changed in the journal and among the saved results.

        Raises:
            StateDirectoryError: either cannot be read or written.
        """
        with self._transaction():
            self._notice_loaded(readings)
            self._notice_failed(readings)
            oldest = (datetime.now(UTC) - _KEPT).isoformat()
            self._db.execute("DELETE FROM changes WHERE resolved_at < ?", (oldest,))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with UsingFiles(self._folder):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _notice_loaded(self, readings: Readings) -> None:
        known = self._db.execute("SELECT batch_id, path FROM changes WHERE row_id = 0").fetchall()
        paths = saved_results(self._folder)
        self._db.executemany(
            "DELETE FROM changes WHERE row_id = 0 AND batch_id = ?",
            ((row["batch_id"],) for row in known if row["batch_id"] not in paths),
        )
        new = sorted(paths.keys() - {row["batch_id"] for row in known})
        for batch in readings.settled(new):
            path = paths[batch["id"]]
            facts = msgspec.json.encode(_facts_of_batch(batch, run=path.parent.name)).decode()
            name = path.relative_to(self._folder).as_posix()
            self._db.execute(_ADD, (batch["id"], 0, name, facts))

    def _notice_failed(self, readings: Readings) -> None:
        last = 0
        while found := readings.failed_row_ids(last):
            first, last = last, found[-1][0]
            self._compare(readings, set(found), first, last)
        self._resolve(self._open(last, _LAST_ROW))

    def _compare(
        self, readings: Readings, found: set[tuple[int, int]], first: int, last: int
    ) -> None:
        """Note what differs among the rows with numbers after the first, up to the last."""
        known = self._open(first, last)
        self._resolve(known - found)
        new = found - known
        rows = readings.failed_rows(first + 1, last) if new else []
        self._db.executemany(
            _ADD,
            (
                (batch_id, row_id, None, facts)
                for row_id, batch_id, facts in rows
                if (row_id, batch_id) in new
            ),
        )

    def _open(self, first: int, last: int) -> set[tuple[int, int]]:
        return {(row["row_id"], row["batch_id"]) for row in self._db.execute(_OPEN, (first, last))}

    def _resolve(self, gone: set[tuple[int, int]]) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._db.executemany(_RESOLVE, ((at, *each) for each in sorted(gone)))

    def since(self, number: int) -> Iterator[Change]:
        """The changes from a number on, in their order.

        Raises:
            StateDirectoryError: they cannot be read.
        """
        while changes := self._portion(number):
            yield from changes
            number = changes[-1].number + 1

    def _portion(self, number: int) -> list[Change]:
        query = "SELECT * FROM changes WHERE number >= ? ORDER BY number LIMIT ?"
        with UsingFiles(self._folder), closing(self._db.execute(query, (number, _PORTION))) as rows:
            return [
                Change(
                    number=row["number"],
                    row_id=row["row_id"],
                    path=row["path"],
                    facts=msgspec.json.decode(row["facts"]),
                    resolved_at=row["resolved_at"],
                )
                for row in rows
            ]


def _facts_of_batch(batch: sqlite3.Row, run: str) -> dict[str, Any]:
    """What the loaded rows of a batch have in common."""
    plan = Plan.from_json(batch["plan"])
    return {
        "run": run,
        "load_job": f"{batch['run_id']}/{batch['id']}",
        "job": batch["job_id"],
        "stream": plan.stream,
        "object": plan.sobject,
        "operation": plan.operation,
        "key_field": plan.key_field,
        "key_type": plan.key_type,
        "attempt": batch["depth"] + 1,
        "settled_at": batch["changed_at"],
    }
