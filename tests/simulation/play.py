"""Plays the histories of seeds, and says what went wrong."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from simulation.draw import draw
from simulation.history import History
from simulation.scheduler import SimulationError

if TYPE_CHECKING:
    from simulation.plan import Plan
    from simulation.trace import Trace

_MEMORY = Path("/dev/shm")


def folder() -> Path:
    """Where the state directories of this process go: into memory if possible."""
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    return place / f"simulation-{os.getpid()}"


def play(plan: Plan, trace: Trace | None = None) -> list[str]:
    """The violations of the rules in a history."""
    try:
        return History(plan, folder(), trace).play()
    except SimulationError as error:
        return [f"{type(error).__name__}: {error}"]


def play_seed(seed: int) -> tuple[int, list[str]]:
    """The same for the history of a seed."""
    try:
        return seed, play(draw(seed))
    except Exception as error:
        raise AssertionError(f"The simulation itself fails at seed {seed}.") from error


def kind_of(problems: list[str]) -> str:
    """The first problem without its numbers: histories with the same one fail alike."""
    text = re.sub(r"x{9,}", "x…", problems[0]) if problems else ""
    return re.sub(r"\d+|:.*", "#", text)
