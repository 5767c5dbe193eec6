"""What goes into a simulated process, and what comes out of it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulation import world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass
class Ended:
    """How one run of the program ended."""

    #: Exit code; None where the process was killed.
    code: int | None
    #: What it wrote to stdout, line by line.
    lines: list[str] = field(default_factory=list)
    steps: int = 0
    #: What a history must never do.
    failure: BaseException | None = None

    @property
    def states(self) -> list[dict[str, Any]]:
        """The STATEs that it wrote."""
        return [json.loads(line) for line in self.lines]


@dataclass(frozen=True)
class Failed:
    """A row that the program has stored as failed."""

    stream: str
    operation: str
    code: str
    #: What can be done about it: `transient`, `permanent`, `parent_missing` or `uncertain`.
    kind: str
    row: dict[str, str]


class Signal:
    """Marks the place in the input where the process is told to stop."""


class Stdin:
    """The tap's output, as much as has arrived at a time."""

    def __init__(self, messages: Iterable[Any], interrupt: Callable[[], BaseException]) -> None:
        self._messages = iter(messages)
        self._interrupt = interrupt

    def read1(self, _size: int) -> bytes:
        """The next message."""
        for message in self._messages:
            world.step("reads the input")
            if isinstance(message, Signal):
                raise self._interrupt()
            if isinstance(message, (int, float)):
                world.process().sleep(message)
                continue
            if isinstance(message, bytes):
                return message
            return json.dumps(message).encode() + b"\n"
        world.step("reads the input's end")
        return b""

    read = read1


class Stdout(io.StringIO):
    """What the program writes; a line is out when `write` returns."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._on_line = on_line

    def write(self, text: str) -> int:
        """Write a line."""
        world.step("writes to stdout")
        if text.strip():
            self.lines.append(text.strip())
            self._on_line(text.strip())
        world.step("has written to stdout")
        return len(text)
