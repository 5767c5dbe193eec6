"""Another org that the machine loads into between the runs that are judged."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from simulation.org import Org
from simulation.scheduler import Clock
from simulation.system import System

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from simulation.pipes import Ended
    from simulation.plan import Plan, Run
    from simulation.source import Row

#: Of so many histories, one has another org.
_ONE_OF = 4


class Elsewhere:
    """Loads the same tap, from its beginning each time, into an org that is not checked.

    It uses the state directory of the org that is judged, and must not change anything there: not
    which rows are left out, nor which are stored as failed. It draws from a seed of its own, so a
    history with it is otherwise the one without it.

    Args:
        plan: The history.
        folder: The state directory.
        journals: The journals in it.
        org_id: The id of the other org.
    """

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        journals: dict[str, Any],
        org_id: str = "00D000000000002EAA",
    ) -> None:
        rng = random.Random(f"{plan.seed} elsewhere")
        clock = Clock(rng, limit=30 * 86_400)
        self._system = System(Org(rng, clock, org_id=org_id), clock, rng, folder)
        self._system.journals = journals
        self._plan = plan
        self._is_used = plan.seed % _ONE_OF == 0

    def run(self, rows: Iterable[Row], run: Run, settings: dict[str, Any]) -> Ended | None:
        """Run the target, and kill it where the run that follows is killed; None without it."""
        if not self._is_used:
            return None
        messages = (each for each, _ in self._plan.tap.messages(None, [*rows], run.changed))
        return self._system.run(messages, settings, crash_at=run.crash_at)
