"""What stands for `threading`, `time` and the disk in the modules of a simulated process.

Each shim asks the process that is current; outside of one, the real thing answers, so tests of
other kinds may share the interpreter.
"""

from __future__ import annotations

import datetime as real_datetime
import os as real_os
import shutil as real_shutil
import sqlite3 as real_sqlite3
import threading as real_threading
import time as real_time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.scheduler import Process, Task

#: When the virtual clock stands at 0.
EPOCH = real_datetime.datetime(2026, 3, 1, tzinfo=real_datetime.UTC)


class World:
    """The process that is simulated now; there is one at most."""

    process: Process | None = None
    #: What a crashed process leaves open: the operating system would close it.
    connections: list[real_sqlite3.Connection] = []  # noqa: RUF012 - of the one world there is
    locked: list[int] = []  # noqa: RUF012
    files: list[Any] = []  # noqa: RUF012

    @classmethod
    def close_files(cls) -> None:
        """What the operating system does when a process ends; what was buffered is lost."""
        for connection in cls.connections:
            connection.close()
        for file in cls.files:
            if not file.closed:
                getattr(file, "buffer", file).raw.close()
                with suppress(ValueError):
                    file.close()
        for descriptor in cls.locked:
            with suppress(OSError):
                real_os.close(descriptor)
        for each in (cls.connections, cls.files, cls.locked):
            each.clear()


def process() -> Process:
    """The process that is simulated now."""
    if World.process is None:
        raise AssertionError("No process is simulated.")
    return World.process


def step(what: str) -> None:
    """A yield point, where a process is simulated."""
    if World.process is not None:
        World.process.step(what)


class Lock:
    """A lock; `reentrant` says whether its owner may take it again."""

    reentrant = False

    def __init__(self) -> None:
        self._owner: Task | None = None
        self._depth = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it."""
        now = process()
        if self._owner is now.current and self.reentrant:
            self._depth += 1
            return True
        now.step("takes a lock")
        if self._owner is not None:
            limit = None if timeout < 0 else timeout
            if not blocking or not now.block(lambda: self._owner is None, limit):
                return False
        self._owner, self._depth = now.current, 1
        return True

    def release(self) -> None:
        """Give it back."""
        self._depth -= 1
        if self._depth == 0:
            self._owner = None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class RLock(Lock):
    """A lock that its owner may take again."""

    reentrant = True


class Condition:
    """A condition, whose waiters are woken only when they are told."""

    def __init__(self, lock: Lock | None = None) -> None:
        self._lock = lock or RLock()
        self._waiters: list[list[bool]] = []

    def __enter__(self) -> bool:
        return self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait to be woken; False when the time is over first."""
        told = [False]
        self._waiters.append(told)
        self._lock.release()
        try:
            return process().block(lambda: told[0], timeout)
        finally:
            self._waiters = [each for each in self._waiters if each is not told]
            self._lock.acquire()

    def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
        """Wait until a predicate holds."""
        end = None if timeout is None else process().clock.now + timeout
        while not (result := predicate()):
            left = None if end is None else end - process().clock.now
            if left is not None and left <= 0:
                break
            self.wait(left)
        return result

    def notify(self, n: int = 1) -> None:
        """Wake so many waiters."""
        for told in [each for each in self._waiters if not each[0]][:n]:
            told[0] = True

    def notify_all(self) -> None:
        """Wake all waiters."""
        self.notify(len(self._waiters))


class Event:
    """A flag that threads wait for."""

    def __init__(self) -> None:
        self._flag = False

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._flag

    def set(self) -> None:
        """Set it."""
        step("sets an event")
        self._flag = True

    def clear(self) -> None:
        """Take it back."""
        self._flag = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set; False when the time is over first."""
        step("waits for an event")
        return self._flag or process().block(lambda: self._flag, timeout)


class Thread:
    """A thread of the simulated process."""

    def __init__(
        self,
        target: Callable[..., Any] | None = None,
        name: str = "thread",
        args: tuple[Any, ...] = (),
        daemon: bool | None = None,
    ) -> None:
        self.name, self.daemon = name, daemon
        self._run = lambda: target(*args) if target else None
        self._task: Task | None = None

    def start(self) -> None:
        """Begin."""
        self._task = process().spawn(self.name, self._run)

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        task = self._task
        if task is not None:
            process().block(lambda: task.finished, timeout)

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._task is not None and not self._task.finished


class _Module:
    """A module of which some members are other ones."""

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


class Os(_Module):
    """`os`, with a yield point before data reach the disk."""

    real = real_os

    @staticmethod
    def fsync(descriptor: int) -> None:
        """Nothing survives a power cut here, so nothing is flushed for one."""
        step("flushes a file")

    @staticmethod
    def fdopen(descriptor: int, *how: Any, **more: Any) -> Any:
        """Open a file."""
        file = real_os.fdopen(descriptor, *how, **more)
        if World.process is not None:
            World.files.append(file)
        return file


class Shutil(_Module):
    """`shutil`, with a yield point before a folder goes."""

    real = real_shutil

    @staticmethod
    def rmtree(path: Any, ignore_errors: bool = False) -> None:
        """Remove a folder."""
        step("removes a folder")
        real_shutil.rmtree(path, ignore_errors=ignore_errors)


class Fcntl(_Module):
    """`fcntl`, with files that a crashed process is made to close."""

    import fcntl as real

    @classmethod
    def flock(cls, descriptor: int, operation: int) -> None:
        """Lock a file."""
        cls.real.flock(descriptor, operation)
        World.locked.append(descriptor)


class Connection(real_sqlite3.Connection):
    """The journal's connection: a yield point before each transaction and before its end."""

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
        if sql == "PRAGMA journal_mode=WAL":
            sql = "PRAGMA journal_mode=MEMORY"
        elif sql == "PRAGMA synchronous=FULL":
            sql = "PRAGMA synchronous=OFF"
        return super().execute(sql, *values)


class Sqlite3(_Module):
    """`sqlite3`; a connection to a file is the journal's."""

    real = real_sqlite3

    @staticmethod
    def connect(database: Any, **options: Any) -> real_sqlite3.Connection:
        """Open a database."""
        if database == "" or World.process is None:
            return real_sqlite3.connect(database, **options)
        connection = real_sqlite3.connect(database, factory=Connection, **options)
        World.connections.append(connection)
        return connection


#: The real thing, and what stands for it.
SHIMS: list[tuple[Any, Any]] = [
    (real_threading, Threading()),
    (real_time, Time()),
    (real_os, Os()),
    (real_shutil, Shutil()),
    (real_sqlite3, Sqlite3()),
    (Fcntl.real, Fcntl()),
    (Secrets.real, Secrets()),
    (real_datetime.datetime, Datetime),
    (real_time.monotonic, monotonic),
    (real_time.sleep, sleep),
]
