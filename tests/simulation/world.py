"""The process that is simulated now, as the shims and the org see it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3

    from simulation.scheduler import Process


class World:
    """The process that is simulated now; there is one at most."""

    process: Process | None = None
    #: The journals in its state directory, by their paths.
    journals: dict[str, sqlite3.Connection] = {}  # noqa: RUF012
    #: What a crashed process leaves open: the operating system would close it.
    connections: list[sqlite3.Connection] = []  # noqa: RUF012 - of the one world there is
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
                os.close(descriptor)
        for each in (cls.connections, cls.files, cls.locked):
            each.clear()


def process() -> Process:
    """The process that is simulated now."""
    if World.process is None:
        raise AssertionError("No process is simulated.")
    return World.process


def step(what: str) -> None:
    """A yield point, if a process is simulated."""
    if World.process is not None:
        World.process.step(what)
