"""Makes a failing history small by leaving out what is not needed to fail."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from simulation.plan import Command, Plan, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Turns of threads that are tried for each smaller plan, as a smaller one needs other turns.
_TURNS = 2


def shrink(plan: Plan, fails: Callable[[Plan], bool]) -> Plan:
    """The smallest plan found that still fails."""
    while (smaller := _smaller(plan, fails)) is not None:
        plan = smaller
    return plan


def _smaller(plan: Plan, fails: Callable[[Plan], bool]) -> Plan | None:
    for candidate in _candidates(plan):
        for turn in range(_TURNS):
            each = replace(candidate, seed=plan.seed + turn)
            if fails(each):
                return each
    return None


def _candidates(plan: Plan) -> Iterator[Plan]:
    """Smaller plans, the smallest first."""
    for name in ("jobs", "fates", "steps"):
        for rest in _less(getattr(plan, name)):
            yield replace(plan, **{name: rest})
    if len(plan.tap.streams) > 1:
        for streams in _without_one(plan.tap.streams):
            yield _without_streams(plan, streams)
    for place, step in enumerate(plan.steps):
        for smaller in _smaller_steps(step):
            steps = (*plan.steps[:place], smaller, *plan.steps[place + 1 :])
            yield replace(plan, steps=steps)
    for simpler in ({"mixed": False}, {"every": 99}, {"form": "bookmarks"}):
        if any(getattr(plan.tap, name) != value for name, value in simpler.items()):
            yield replace(plan, tap=replace(plan.tap, **simpler))  # type: ignore[arg-type]


def _smaller_steps(step: Run | Command) -> Iterator[Run | Command]:
    for name in ("faults", "rows", "changed"):
        for rest in _less(getattr(step, name, ())):
            yield replace(step, **{name: rest})
    ends = ("crash_at", "crash_at_line", "cut", "signal", "usage_limit_at", "used_up_at")
    for name in (*ends, "lost_lines"):
        if getattr(step, name, None):
            yield replace(step, **{name: 0 if name == "lost_lines" else None})
    if isinstance(step, Run):
        yield from _fewer_cells(step)


def _fewer_cells(step: Run) -> Iterator[Run]:
    for row in step.rows:
        if len(row.cells) > 1:
            cells = dict(list(row.cells.items())[:1])
            rows = tuple(replace(each, cells=cells) if each is row else each for each in step.rows)
            yield replace(step, rows=rows)


def _less(things: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if len(things) > 1:
        yield ()
    yield from _without_one(things)


def _without_streams(plan: Plan, streams: Any) -> Plan:
    names = {stream.name for stream in streams}
    steps = tuple(
        replace(step, rows=tuple(row for row in step.rows if row.stream in names))
        if isinstance(step, Run)
        else step
        for step in plan.steps
    )
    return replace(plan, tap=replace(plan.tap, streams=streams), steps=steps)


def _without_one(things: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for place in range(len(things)):
        yield (*things[:place], *things[place + 1 :])
