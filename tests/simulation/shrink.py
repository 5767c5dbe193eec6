"""Makes a failing history small: whatever it still fails without is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from simulation.plan import Plan, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Turns of threads that are tried for each smaller plan, as a smaller one needs other turns.
_TURNS = 2


def shrink(plan: Plan, fails: Callable[[Plan], bool]) -> Plan:
    """The smallest plan that was found which still fails."""
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
    """Plans with one thing less."""
    for name in ("jobs", "fates"):
        if len(getattr(plan, name)) > 1:
            yield replace(plan, **{name: ()})
    for name in ("steps", "jobs", "fates"):
        for rest in _without_one(getattr(plan, name)):
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


def _smaller_steps(step: Any) -> Iterator[Any]:
    for name in ("faults", "rows"):
        if len(getattr(step, name, ())) > 1:
            yield replace(step, **{name: ()})
    for name in ("faults", "rows", "changed"):
        for rest in _without_one(getattr(step, name, ())):
            yield replace(step, **{name: rest})
    for name in ("crash_at", "cut", "signal"):
        if getattr(step, name, None) is not None:
            yield replace(step, **{name: None})
    if isinstance(step, Run):
        if step.lost_lines:
            yield replace(step, lost_lines=step.lost_lines - 1)
        for row in step.rows:
            if len(row.cells) > 1:
                cells = dict(list(row.cells.items())[:1])
                rows = tuple(replace(r, cells=cells) if r is row else r for r in step.rows)
                yield replace(step, rows=rows)


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
