"""One machine, one org, one tap: what a directed history needs."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from simulation.org import Org
from simulation.scheduler import Clock
from simulation.system import System

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from simulation.pipes import Ended, Failed
    from simulation.scheduler import Process

LOCKED = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"
REFUSED = "FIELD_CUSTOM_VALIDATION_EXCEPTION:refused by a rule:--"

#: The steps until a batch is settled; a STATE that covers it is not written then.
SETTLED = ["is answered: download unprocessedrecords", "has committed"]

Message = dict[str, Any]


def schema(
    *names: str, stream: str = "things", key: str | None = "Key__c", by: str | None = None
) -> Message:
    """A SCHEMA; `by` is the replication key."""
    message = {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {
            "type": "object",
            "properties": {name: {"type": ["string", "null"]} for name in names},
        },
        "key_properties": [key] if key else [],
    }
    return message | ({"bookmark_properties": [by]} if by else {})


def row(stream: str = "things", **cells: Any) -> Message:
    """A RECORD."""
    return {"type": "RECORD", "stream": stream, "record": cells}


def state(value: Any = None, **bookmarks: Any) -> Message:
    """A STATE: of a value, or with bookmarks by stream."""
    return {"type": "STATE", "value": {"bookmarks": bookmarks} if value is None else value}


class Scene:
    """A machine and an org, with nothing drawn but the turns of threads.

    Args:
        folder: The state directory.
        seed: Decides the turns.
        settings: Settings of the target in each of its runs.
    """

    def __init__(self, folder: Path, seed: int = 0, **settings: Any) -> None:
        rng = random.Random(seed)
        self.clock = Clock(rng, 1e6)
        self.org = Org(rng, self.clock)
        self.system = System(self.org, self.clock, rng, folder)
        self.settings = {"operation": "upsert", "streams": {"*": {"object": "Thing__c"}}} | settings

    def run(self, *messages: Any, **more: Any) -> Ended:
        """Run the target; it must not hang, loop or end in a traceback."""
        return self._checked(self.system.run(messages, self.settings, **more))

    def run_until(self, *messages: Any, after: Sequence[str]) -> Ended:
        """Run the target, and kill it at the step after these ones, which come in this order."""
        ended = self.run(*messages, crash_when=_after(after))
        assert ended.code is None, f"there are no such steps: {after}"
        return ended

    def retry_failed(self) -> Ended:
        """Run `failed retry`."""
        return self._checked(self.system.retry_failed(self.settings))

    def retry_failed_until(self, after: Sequence[str]) -> Ended:
        """Run `failed retry`, and kill it at the step after these ones."""
        ended = self.system.retry_failed(self.settings, crash_when=_after(after))
        assert ended.code is None, f"there are no such steps: {after}"
        return self._checked(ended)

    def things(self, *names: str) -> list[tuple[Any, ...]]:
        """These fields of the org's Things, sorted."""
        self.org.catch_up(to_the_end=True)
        records = self.org.tables.table("Thing__c").records.values()
        return sorted((tuple(r.cells.get(name) for name in names) for r in records), key=repr)

    def failed(self) -> list[Failed]:
        """The rows that the program has stored as failed."""
        return self.system.failed_rows()

    def fail_once(self, error: str, **cells: str) -> None:
        """Let each row with these cells fail at its first try."""
        tried: set[str] = set()

        def fate(_: Any, outcome: Any) -> str:
            mine = all(outcome.row.get(name) == cell for name, cell in cells.items())
            if not mine or repr(outcome.row) in tried:
                return ""
            tried.add(repr(outcome.row))
            return error

        self.org.fate = fate

    def calls(self, name: str) -> int:
        """Requests of a name so far."""
        return sum(request.name == name for request in self.org.requests)

    @staticmethod
    def _checked(ended: Ended) -> Ended:
        if ended.failure is not None:
            raise ended.failure
        return ended


def _after(names: Sequence[str]) -> Callable[[Process, str], bool]:
    left = list(names)

    def passed(_: Process, what: str) -> bool:
        if not left:
            return True
        if what == left[0]:
            left.pop(0)
        return False

    return passed
