"""The records of the org, in SQLite."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.emulator.org.values import long_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_salesforce_bulk.emulator.org.schema import FieldSchema, ObjectSchema, Schema

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    id TEXT PRIMARY KEY, object TEXT NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,
    data TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS records_by_object ON records (object, id);
CREATE TABLE IF NOT EXISTS keys (
    object TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (object, field, value, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


def fold(field: FieldSchema, value: Any) -> str:
    """The form in which equal values of a key field are the same text."""
    text = str(value)
    return text if field.flag("caseSensitive") else text.lower()


def _keep_private(path: Path) -> None:
    """Leave a file readable and writable by its owner only; SQLite's other files follow it.

    Raises:
        OSError: it cannot be written, is a link, or belongs to another user.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


class Records:
    """All records.

    Reading methods are safe to call from any thread; hold `mutex` for a series of changes.
    """

    def __init__(self, schema: Schema, path: Path | None) -> None:
        self.schema = schema
        self.mutex = threading.RLock()
        # An empty name is a file that SQLite removes itself, so that memory stays bounded.
        if path is not None:
            _keep_private(path)
        self._db = sqlite3.connect(
            "" if path is None else path, check_same_thread=False, isolation_level=None
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self.user_id = self._admin()

    def close(self) -> None:
        """Close the database."""
        with self.mutex:
            self._db.close()

    def begin(self) -> None:
        """Begin a transaction."""
        self._db.execute("BEGIN")

    def commit(self) -> None:
        """Commit the transaction."""
        self._db.execute("COMMIT")

    def _admin(self) -> str:
        user = self.schema.find("User")
        if user is None:
            return long_id("005000000000001")
        found = self.find_by_key(user, user.field("Username") or user.fields[0], _ADMIN["Username"])
        return found[0] if found else self.insert(user, dict(_ADMIN))

    def next_id(self, schema: ObjectSchema) -> str:
        """A new record id with the object's key prefix."""
        return long_id(f"{schema.key_prefix}5g{_base62(self.next_number(schema.name), 10)}")

    def next_number(self, name: str) -> int:
        """The next number of a sequence."""
        row = self._db.execute(
            "INSERT INTO counters VALUES (?, 1)"
            " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (name,),
        ).fetchone()
        return int(row[0])

    def next_job_id(self) -> str:
        """A new id of an ingest or query job."""
        with self.mutex:
            return long_id(f"7505g{self.next_number('IngestJob'):010d}")

    def insert(self, schema: ObjectSchema, values: dict[str, Any]) -> str:
        """Insert a record, with the values that the org sets by itself; its id."""
        record_id = self.next_id(schema)
        now = _now()
        data = schema.defaults | {
            "Id": record_id,
            "CreatedDate": now,
            "LastModifiedDate": now,
            "SystemModstamp": now,
        }
        data |= values
        self._db.execute(
            "INSERT INTO records (id, object, data) VALUES (?, ?, ?)",
            (record_id, schema.name, json.dumps(data)),
        )
        self._index(schema, record_id, {}, values)
        return record_id

    def update(self, schema: ObjectSchema, record_id: str, values: dict[str, Any]) -> None:
        """Update a record."""
        changes = values | {"LastModifiedDate": _now(), "SystemModstamp": _now()}
        row = self._db.execute("SELECT data FROM records WHERE id = ?", (record_id,)).fetchone()
        before = json.loads(row[0])
        data = json.dumps(before | changes)
        self._db.execute("UPDATE records SET data = ? WHERE id = ?", (data, record_id))
        self._index(schema, record_id, before, values)

    def delete(self, record_id: str, *, hard: bool) -> None:
        """Move a record to the recycle bin, or erase it."""
        row = self._db.execute(
            "SELECT object, data FROM records WHERE id = ?", (record_id,)
        ).fetchone()
        schema = self.schema.find(row[0])
        if schema is not None:
            before = json.loads(row[1])
            self._index(schema, record_id, before, dict.fromkeys(before))
        if hard:
            self._db.execute("DELETE FROM records WHERE id = ?", (record_id,))
        else:
            self._db.execute("UPDATE records SET deleted = 1 WHERE id = ?", (record_id,))

    def _index(
        self,
        schema: ObjectSchema,
        record_id: str,
        before: dict[str, Any],
        after: dict[str, Any],
    ) -> None:
        """Index a record by its key values after a change instead of those before it."""
        for field in schema.indexed:
            if field.name not in after:
                continue
            old, new = before.get(field.name), after[field.name]
            if old not in {None, ""}:
                self._db.execute(
                    "DELETE FROM keys WHERE object = ? AND field = ? AND value = ? AND id = ?",
                    (schema.name, field.name, fold(field, old), record_id),
                )
            if new not in {None, ""}:
                self._db.execute(
                    "INSERT OR IGNORE INTO keys VALUES (?, ?, ?, ?)",
                    (schema.name, field.name, fold(field, new), record_id),
                )

    def state(self, schema: ObjectSchema, record_id: str) -> str:
        """`live`, `deleted` or `unknown`."""
        row = self._db.execute(
            "SELECT deleted FROM records WHERE id = ? AND object = ?", (record_id, schema.name)
        ).fetchone()
        return "unknown" if row is None else "deleted" if row[0] else "live"

    def find_by_key(self, schema: ObjectSchema, field: FieldSchema, value: Any) -> list[str]:
        """The ids of the live records with a value in a field."""
        if field.indexed:
            rows = self._db.execute(
                "SELECT id FROM keys WHERE object = ? AND field = ? AND value = ?",
                (schema.name, field.name, fold(field, value)),
            )
        elif field.name == "Id":
            # Either form of an id finds its record; a shorter text is no id.
            short = str(value)[:15]
            rows = self._db.execute(
                "SELECT id FROM records WHERE id = ? AND object = ? AND deleted = 0",
                (long_id(short) if len(short) == 15 else "", schema.name),
            )
        else:
            rows = self._db.execute(
                "SELECT id FROM records WHERE object = ? AND deleted = 0"
                " AND lower(json_extract(data, '$.' || ?)) = lower(?)",
                (schema.name, field.name, value),
            )
        return [row[0] for row in rows]

    def rows_by_keys(
        self, schema: ObjectSchema, field: FieldSchema, keys: list[Any]
    ) -> list[dict[str, Any]]:
        """The live records whose field has one of these values, by id."""
        with self.mutex:
            ids = {each for key in keys for each in self.find_by_key(schema, field, key)}
            rows = [
                self._db.execute("SELECT data FROM records WHERE id = ?", (each,)).fetchone()
                for each in sorted(ids)
            ]
        return [json.loads(row[0]) for row in rows]

    def count(self, name: str) -> int:
        """How many live records an object has."""
        with self.mutex:
            row = self._db.execute(
                "SELECT count(*) FROM records WHERE object = ? AND deleted = 0", (name,)
            ).fetchone()
        return int(row[0])

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The live records of an object, oldest first."""
        last = ""
        while True:
            with self.mutex:
                rows = self._db.execute(
                    "SELECT id, data FROM records WHERE object = ? AND deleted = 0 AND id > ?"
                    " ORDER BY id LIMIT 1000",
                    (name, last),
                ).fetchall()
            if not rows:
                return
            yield from (json.loads(row[1]) for row in rows)
            last = rows[-1][0]

    def reset(self) -> None:
        """Delete all records except the one user."""
        with self.mutex:
            self._db.executescript("DELETE FROM records; DELETE FROM keys;")
            self.user_id = self._admin()


_ADMIN = {
    "Username": "admin@emulator.example",
    "LastName": "Admin",
    "Name": "Admin",
    "Email": "admin@emulator.example",
    "Alias": "admin",
    "IsActive": True,
}


def _base62(number: int, width: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 62)
        text = _DIGITS[digit] + text
    return text.rjust(width, "0")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
