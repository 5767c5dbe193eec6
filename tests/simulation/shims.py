"""What stands for `threading`, `time` and the disk in the modules of a simulated process.

Each shim asks the process that is current; outside of one, the real thing answers, so tests of
other kinds may share the interpreter.
"""

from __future__ import annotations

import datetime as real_datetime
import os as real_os
import random as real_random
import shutil as real_shutil
import sqlite3 as real_sqlite3
import threading as real_threading
import time as real_time
from typing import Any, ClassVar

from simulation.sync import Condition, Event, Lock, RLock, Thread
from simulation.world import World, process, step

#: When the virtual clock stands at 0.
EPOCH = real_datetime.datetime(2026, 3, 1, tzinfo=real_datetime.UTC)


class _Module:
    """A module with some members replaced."""

    real: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class Threading(_Module):
    """`threading`."""

    real = real_threading
    Lock, RLock, Condition, Event, Thread = Lock, RLock, Condition, Event, Thread


def monotonic() -> float:
    """Seconds of the virtual clock."""
    return World.process.clock.read() if World.process else real_time.monotonic()


def sleep(seconds: float) -> None:
    """Wait in virtual time."""
    if World.process is None:
        real_time.sleep(seconds)
    else:
        World.process.sleep(seconds)


class Time(_Module):
    """`time`."""

    real = real_time
    monotonic = staticmethod(monotonic)
    sleep = staticmethod(sleep)

    @staticmethod
    def time() -> float:
        """Seconds since 1970, by the virtual clock."""
        return EPOCH.timestamp() + monotonic() if World.process else real_time.time()


class _LikeDatetime(type(real_datetime.datetime)):  # type: ignore[misc]
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, real_datetime.datetime)


class Datetime(real_datetime.datetime, metaclass=_LikeDatetime):
    """`datetime.datetime` by the virtual clock."""

    @classmethod
    def now(cls, tz: real_datetime.tzinfo | None = None) -> Any:
        """The virtual time."""
        if World.process is None:
            return real_datetime.datetime.now(tz)
        return (EPOCH + real_datetime.timedelta(seconds=monotonic())).astimezone(tz)


class Secrets(_Module):
    """`secrets`, from the seed."""

    import secrets as real

    @staticmethod
    def token_hex(nbytes: int = 16) -> str:
        """Random digits."""
        return f"{process().rng.getrandbits(32):08x}{process().steps:06x}"


class Random(_Module):
    """`random`, from the seed."""

    real = real_random

    @staticmethod
    def uniform(least: float, most: float) -> float:
        """A random number between two others."""
        return (
            process().rng.uniform(least, most)
            if World.process
            else real_random.uniform(least, most)
        )


class Os(_Module):
    """`os`, with a yield point before data reach the disk."""

    real = real_os

    @staticmethod
    def fsync(descriptor: int) -> None:
        """Does nothing: power cuts are not simulated."""
        step("flushes a file")

    @staticmethod
    def fdopen(descriptor: int, *how: Any, **more: Any) -> Any:
        """Open a file."""
        file = real_os.fdopen(descriptor, *how, **more)
        if World.process is not None:
            World.files.append(file)
        return file


class Shutil(_Module):
    """`shutil`, with a yield point before a folder is removed."""

    real = real_shutil

    @staticmethod
    def rmtree(path: Any, ignore_errors: bool = False) -> None:
        """Remove a folder."""
        step("removes a folder")
        real_shutil.rmtree(path, ignore_errors=ignore_errors)


class Fcntl(_Module):
    """`fcntl`; the files of a crashed process are closed."""

    import fcntl as real

    @classmethod
    def flock(cls, descriptor: int, operation: int) -> None:
        """Lock a file."""
        cls.real.flock(descriptor, operation)
        World.locked.append(descriptor)


class Connection(real_sqlite3.Connection):
    """The journal's connection: a yield point before each transaction and before its end.

    It keeps the journal in memory and outlives the process, like the file for which it stands. To
    open a file takes SQLite longer than all that a small run does with it.
    """

    #: A new journal, by the script that makes it.
    made: ClassVar[dict[str, bytes]] = {}

    def execute(self, sql: str, *values: Any) -> real_sqlite3.Cursor:
        """Run a statement."""
        if sql.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            step(sql)
            cursor = super().execute(sql, *values)
            if sql == "COMMIT":
                step("has committed")
            return cursor
        if World.process is not None and World.process.crashed:
            step(sql)
        return super().execute(sql, *values)

    def executescript(self, script: str) -> real_sqlite3.Cursor:
        """Make the journal."""
        if script in self.made:
            self.deserialize(self.made[script])
            return self.cursor()
        cursor = super().executescript(script)
        self.made[script] = self.serialize()
        return cursor

    def close(self) -> None:
        """End what the process has left open."""
        if self.in_transaction:
            self.rollback()


class Sqlite3(_Module):
    """`sqlite3`; a connection to a file is the journal's."""

    real = real_sqlite3

    @staticmethod
    def connect(database: Any, **options: Any) -> real_sqlite3.Connection:
        """Open a database."""
        if database == "" or World.process is None:
            return real_sqlite3.connect(database, **options)
        path = str(database).partition("?")[0]
        if path not in World.journals:
            World.journals[path] = real_sqlite3.connect(":memory:", factory=Connection, **options)
        journal = World.journals[path]
        journal.execute("PRAGMA query_only=OFF")  # the file's next user may write
        World.connections.append(journal)
        return journal


#: The real thing, and what stands for it.
SHIMS: list[tuple[Any, Any]] = [
    (real_threading, Threading()),
    (real_time, Time()),
    (real_os, Os()),
    (real_random, Random()),
    (real_shutil, Shutil()),
    (real_sqlite3, Sqlite3()),
    (Fcntl.real, Fcntl()),
    (Secrets.real, Secrets()),
    (real_datetime.datetime, Datetime),
    (real_time.monotonic, monotonic),
    (real_time.sleep, sleep),
]
