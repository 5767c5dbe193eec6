"""A history for a person to read."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TextIO

from simulation.plan import Run

if TYPE_CHECKING:
    from simulation.history import History
    from simulation.plan import Plan

_LONG = re.compile(r"x{9,}")
#: Steps that say what the program did to the world; the others are only turns of threads.
_TOLD = ("asks", "is answered", "loses", "has committed", "writes to stdout")


def describe(plan: Plan) -> str:
    """What happens in a plan."""
    tap = plan.tap
    lines = [
        f"seed {plan.seed}, settings {dict(plan.settings)}",
        f"tap: {'SDK' if tap.sdk else 'classic'}, STATE {tap.form}, after {tap.every} records"
        + (", streams in turns" if tap.mixed else ""),
        *(
            f"  stream {s.name}{f' as {s.alias}' if s.alias else ''}: {s.kind}, {s.operation} into "
            f"{s.sobject}{f' by {s.key}' if s.key else ''}"
            for s in tap.streams
        ),
    ]
    for number, step in enumerate(plan.steps, 1):
        shown = {name: value for name, value in vars(step).items() if value and name != "rows"}
        lines.append(f"step {number}: {type(step).__name__} {shown}")
        if isinstance(step, Run):
            lines += [
                f"    row {row.number} of {row.stream} at {row.at}: "
                f"{'deletes' if row.deleted else 'refused' if row.refused else ''} "
                f"{row.key or ''} {row.cells}"
                for row in step.rows
            ]
    lines += [f"row {fate.number} fails: {', '.join(fate.errors)}" for fate in plan.fates]
    lines += [f"job: {fate}" for fate in plan.jobs]
    return _LONG.sub("x…", "\n".join(lines))


class Trace:
    """Records what happens while a history is played."""

    def __init__(self, out: TextIO, *, everything: bool = False) -> None:
        self._out = out
        self._everything = everything
        self.history: History | None = None

    def step(self, thread: str, what: str) -> None:
        """A thread came to a yield point."""
        if self._everything or what.startswith(_TOLD):
            self._say(f"{thread:10} {what}")

    def note(self, what: str, facts: Any = "") -> None:
        """Something else happened."""
        text = facts if isinstance(facts, str) else json.dumps(facts, default=str)
        self._say(_LONG.sub("x…", f"-- {what} {text}"))

    def _say(self, text: str) -> None:
        now = self.history.clock.now if self.history else 0.0
        self._out.write(f"{now:10.4f} {text}\n")
