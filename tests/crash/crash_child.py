"""Runs the target in a process of its own, and kills it at a point that is counted.

A point is a moment before or after the journal is written, a request is sent, or a STATE is
printed.
Nothing of this is in the program: it is put around it here.
"""

from __future__ import annotations

import fnmatch
import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.cli.app import main
from target_salesforce_bulk.journal.database import Database
from target_salesforce_bulk.salesforce.exchange import Exchange, ExchangeError, Trouble
from target_salesforce_bulk.singer.state_output import StateOutput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.salesforce.answer import Answer
    from target_salesforce_bulk.salesforce.exchange import Request, Sink


class Points:
    """Counts points, and kills the process at one of them."""

    def __init__(self, kill_at: int) -> None:
        self._kill_at = kill_at
        self._mutex = threading.Lock()
        self.passed = 0

    def reach(self) -> None:
        """Come to a point."""
        with self._mutex:
            self.passed += 1
            if self.passed == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)


def put_points_around_everything(points: Points) -> None:
    """Before and after each journal write, each request and each STATE."""
    transaction, write = Database.transaction, StateOutput.write
    send, download = Exchange.send, Exchange.download

    @contextmanager
    def counted_transaction(self: Database) -> Iterator[Any]:
        points.reach()
        with transaction(self) as db:
            yield db
        points.reach()

    def counted_send(self: Exchange, request: Request) -> Answer:
        points.reach()
        answer = send(self, request)
        points.reach()
        return answer

    def counted_download(self: Exchange, request: Request, sink: Sink) -> Answer:
        points.reach()
        answer = download(self, request, sink)
        points.reach()
        return answer

    def counted_write(self: StateOutput, state: Any, number: int | None = None) -> None:
        points.reach()
        write(self, state, number)
        points.reach()

    Database.transaction = counted_transaction  # type: ignore[method-assign]
    Exchange.send = counted_send  # type: ignore[method-assign]
    Exchange.download = counted_download  # type: ignore[method-assign]
    StateOutput.write = counted_write  # type: ignore[method-assign]


def refuse_first_connection(method: str, path: str) -> None:
    """Let the first request that matches find nobody who listens."""
    send, refused = Exchange.send, False

    def refusing_send(self: Exchange, request: Request) -> Answer:
        nonlocal refused
        if refused or request.method != method or not fnmatch.fnmatchcase(request.url, path):
            return send(self, request)
        refused = True
        raise ExchangeError(Trouble.NOT_SENT, "connection refused")

    Exchange.send = refusing_send  # type: ignore[method-assign]


def run(folder: str, config: str, kill_at: int, refuse: tuple[str, str] | None = None) -> None:
    """Be the target: what it reads and prints are files of the folder."""
    if refuse is not None:
        refuse_first_connection(*refuse)
    for number, (name, flags) in enumerate(
        (
            ("stdout", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
            ("stderr", os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        ),
        1,
    ):
        descriptor = os.open(os.path.join(folder, name), flags, 0o600)  # noqa: PTH118
        os.dup2(descriptor, number)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", closefd=False, buffering=1)
    os.chdir(folder)
    points = Points(kill_at)
    put_points_around_everything(points)
    sys.argv = ["target-salesforce-bulk", "--config", config, "--input", "stdin"]
    try:
        main()
    finally:
        with open("points", "w") as file:  # noqa: PTH123
            file.write(str(points.passed))
