"""A history as data: drawn from a seed, and smaller after shrinking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.org import Fault
    from simulation.source import Row, Tap


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the target.

    Args:
        rows: Rows that the source has gained before it.
        cut: Messages after which the tap breaks off; None where it ends well.
        signal: Messages after which the target is told to leave.
        crash_at: The step at which the target is killed.
        crash_at_line: The STATE line at which it is killed, and the steps since its writing began.
        lost_lines: STATE lines that reach nobody, where it is killed.
        faults: What goes wrong with requests, by their number in this run.
        usage_limit_at: The request from which on too much of the org's allowance is used; None
            where that does not happen.
        used_up_at: The request from which on the org refuses all of them; None where it does not.
        changed: Streams whose SCHEMA grows in the middle.
        settings: Of the target.
    """

    rows: tuple[Row, ...] = ()
    cut: int | None = None
    signal: int | None = None
    crash_at: int | None = None
    crash_at_line: tuple[int, int] | None = None
    lost_lines: int = 0
    faults: tuple[tuple[int, Fault], ...] = ()
    usage_limit_at: int | None = None
    used_up_at: int | None = None
    changed: tuple[str, ...] = ()
    settings: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Command:
    """One of the other commands: `retry` or `resume`."""

    name: str
    crash_at: int | None = None
    faults: tuple[tuple[int, Fault], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fate:
    """The fate of a row: an error for each of its first attempts."""

    number: int
    errors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class JobFate:
    """The fate of a job, by its number: it lies, it fails, or somebody acts on it.

    act: `abort` or `remove`, so many seconds after it was closed.
    """

    number: int
    lies: tuple[str, ...] = ()
    fails: tuple[str, int] | None = None
    act: str = ""
    after: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A whole history, except the turns of threads, which the seed decides."""

    seed: int
    tap: Tap
    steps: tuple[Run | Command, ...]
    fates: tuple[Fate, ...] = ()
    jobs: tuple[JobFate, ...] = ()
    settings: tuple[tuple[str, Any], ...] = ()
