"""The part of a terminal below the log, which is drawn anew.

The cursor rests at the start of an empty line above what is drawn, and is never hidden. A line
that another program writes meanwhile, such as the tap, goes to that empty line and stays whole, and
the terminal of a program that is killed needs no repair.
"""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: To the start of the line, and away with all that is below.
_CLEAR = "\r\x1b[J"


class Screen(io.TextIOBase):
    """Takes the lines of the log instead of the terminal, so that they come above what is drawn.

    Args:
        terminal: Where to write.
    """

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._mutex = threading.RLock()
        self._lines: Sequence[str] = ()

    def draw(self, lines: Sequence[str]) -> None:
        """Replace what is drawn; nothing is written if it is the same."""
        with self._mutex:
            if lines != self._lines:
                self._lines = lines
                self._write(_CLEAR + self._drawn())

    def clear(self) -> None:
        """Leave nothing but the log."""
        with self._mutex:
            if self._lines:
                self._lines = ()
                self._write(_CLEAR)

    def write(self, text: str) -> int:
        """Write lines of the log above what is drawn."""
        with self._mutex:
            if not self._lines:
                self._write(text)
            else:
                end = "" if text.endswith("\n") else "\n"
                self._write(f"{_CLEAR}{text}{end}{self._drawn()}")
        return len(text)

    def flush(self) -> None:
        """Do nothing: each write is flushed."""

    def _drawn(self) -> str:
        if not self._lines:
            return ""
        below = "\n".join(self._lines)
        return f"\n{below}\x1b[{len(self._lines)}A\r"

    def _write(self, text: str) -> None:
        encoding = self._terminal.encoding or "utf-8"
        self._terminal.write(text.encode(encoding, "replace").decode(encoding))
        self._terminal.flush()


class Drawing:
    """Shows pictures on a screen.

    Args:
        screen: Where to.
        draw: The lines of a picture.
    """

    #: Seconds between two calls of `show`.
    interval_seconds = 0.25

    def __init__(self, screen: Screen, draw: Callable[..., list[str]]) -> None:
        self._screen = screen
        self._draw = draw

    def show(self, picture: object) -> None:
        """Draw a picture."""
        self._screen.draw(self._draw(picture))

    def stop(self) -> None:
        """Leave nothing behind."""
        self._screen.clear()
