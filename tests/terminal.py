"""A terminal as far as the target uses one: what stands on its screen after some text."""

from __future__ import annotations

import re

_PART = re.compile(r"\x1b\[(\d*)([A-Za-z])|\x1b\[\?\d+[hl]|[\r\n]|[^\x1b\r\n]+|\x1b")


class Terminal:
    """A screen without a lower edge.

    Args:
        text: What was written to it, with the line ends of a terminal.
    """

    def __init__(self, text: str) -> None:
        self.lines = [""]
        self.row = self.column = 0
        for part in _PART.finditer(text):
            self._take(part)

    def _take(self, part: re.Match[str]) -> None:
        whole, number, letter = part[0], part[1], part[2]
        if whole == "\r":
            self.column = 0
        elif whole == "\n":
            self.row += 1
            self.lines += [""] * (self.row + 1 - len(self.lines))
        elif letter == "A":
            self.row = max(0, self.row - int(number or 1))
        elif letter == "J":
            self.lines[self.row] = self.lines[self.row][: self.column]
            del self.lines[self.row + 1 :]
        elif not letter and not whole.startswith("\x1b"):
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + whole + line[self.column + len(whole) :]
            self.column += len(whole)

    @property
    def shown(self) -> list[str]:
        """The lines of the screen, without blanks at their ends."""
        return [line.rstrip() for line in self.lines]
