"""Which way progress is shown, and that its end leaves nothing behind."""

from __future__ import annotations

import io
import logging
import threading
from typing import Any

import pytest
from pictures import picture

from target_salesforce_bulk.reporting.progress.display import Display, _log_to, can_draw
from target_salesforce_bulk.reporting.progress.screen import Screen


class Tty(io.StringIO):
    """A terminal in memory."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("terminal", "term", "draws"),
    [
        (Tty(), "xterm", True),
        (Tty(), "dumb", False),
        (Tty(), None, False),
        (io.StringIO(), "xterm", False),
        (None, "xterm", False),
    ],
)
def test_where_something_is_drawn(terminal: Any, term: str | None, draws: bool) -> None:
    """Only on a terminal that can move its cursor."""
    environ = {} if term is None else {"TERM": term}

    assert can_draw(terminal, environ | {"FORCE_COLOR": "1"}) == draws


def test_it_is_shown_until_it_is_stopped() -> None:
    """In a thread, which has ended when `stop` returns; a second `stop` does nothing."""
    came, seen = threading.Event(), []

    class View:
        interval_seconds = 0.0

        def show(self, picture: Any) -> None:
            seen.append(picture)
            came.set()

        def stop(self) -> None:
            seen.append("stopped")

    display = Display(View())
    display.watch(type("Facts", (), {"picture": staticmethod(picture)}))  # type: ignore[arg-type]
    assert came.wait(10)
    display.stop()
    display.stop()

    assert (seen[0], seen.count("stopped"), seen[-1]) == (picture(), 1, "stopped")
    assert [each for each in threading.enumerate() if each.name == "progress"] == []


def test_the_log_goes_through_the_screen_and_back() -> None:
    """Only handlers that write to the terminal do, and only for the time being."""
    terminal, other = Tty(), io.StringIO()
    handlers = [logging.StreamHandler(terminal), logging.StreamHandler(other)]
    logger = logging.getLogger("test.progress")
    for handler in handlers:
        logger.addHandler(handler)
    screen = Screen(terminal)
    try:
        with _log_to(screen, terminal):
            during = [each.stream for each in handlers]
        after = [each.stream for each in handlers]
    finally:
        for handler in handlers:
            logger.removeHandler(handler)

    assert (during, after) == ([screen, other], [terminal, other])
