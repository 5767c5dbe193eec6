"""Shows how far a run is: drawn on a terminal, or as lines of the log."""

from __future__ import annotations

import logging
import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from target_salesforce_bulk.reporting.progress.lines import Lines
from target_salesforce_bulk.reporting.progress.screen import Drawing, Screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.reporting.progress.facts import Facts, Picture


class View(Protocol):
    """Shows pictures one after the other."""

    interval_seconds: float

    def show(self, picture: Picture) -> None:
        """Show a picture."""

    def stop(self) -> None:
        """Leave nothing behind."""


class Display:
    """Shows pictures of a run in a thread, from `watch` to `stop`.

    Args:
        view: How they are shown.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, facts: Facts) -> None:
        """Begin to show a run."""
        self._thread = threading.Thread(
            target=self._show, args=(facts,), name="progress", daemon=True
        )
        self._thread.start()

    def _show(self, facts: Facts) -> None:
        while not self._stopping.wait(self._view.interval_seconds):
            self._view.show(facts.picture())

    def stop(self) -> None:
        """Show nothing further; may be called more than once."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            self._view.stop()


def can_draw(terminal: TextIO | None, environ: dict[str, str]) -> bool:
    """Whether something can be drawn anew, as on a terminal that is not a dumb one."""
    return (
        terminal is not None
        and terminal.isatty()
        and environ.get("TERM", "dumb") not in {"", "dumb", "unknown"}
    )


@contextmanager
def display() -> Iterator[Display]:
    """A display on stderr; whatever ends the context, it leaves the terminal as it was."""
    terminal = sys.stderr
    if not can_draw(terminal, dict(os.environ)):
        with _stopped(Display(Lines())) as found:
            yield found
        return
    from target_salesforce_bulk.reporting.progress.frame import Frames

    screen = Screen(terminal)
    frames = Frames(terminal, dict(os.environ))
    with _log_to(screen, terminal), _stopped(Display(Drawing(screen, frames.draw))) as found:
        yield found


@contextmanager
def _stopped(found: Display) -> Iterator[Display]:
    try:
        yield found
    finally:
        found.stop()


@contextmanager
def _log_to(screen: Screen, terminal: TextIO) -> Iterator[None]:
    """Send what handlers of the log write to the terminal through the screen."""
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in root.manager.loggerDict)]
    handlers = {
        each
        for logger in loggers
        for each in logger.handlers
        if isinstance(each, logging.StreamHandler) and each.stream is terminal
    }
    for handler in handlers:
        handler.setStream(screen)
    try:
        yield
    finally:
        for handler in handlers:
            handler.setStream(terminal)
