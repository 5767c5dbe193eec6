"""Draws a history from a seed."""

from __future__ import annotations

import random
from dataclasses import replace

from simulation.org import Fault
from simulation.plan import Command, Fate, JobFate, Plan, Run
from simulation.scene import LOCKED, REFUSED
from simulation.source import Row, Stream, Tap

_FAULTS = ("lost before", "lost after", "late", "unavailable", "unreachable", "not found")
_LIES = ("counts of 0", "a row in two files", "a success is missing", "one failure too many")


class Draw:
    """Draws everything for one history."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rng = random.Random(f"plan {seed}")
        #: Of its own, so that what else a seed draws stays the same.
        self._limits = random.Random(f"limits {seed}")
        self._costs = random.Random(f"costs {seed}")
        self._rows = 0
        self._at: dict[str, int] = {}
        self._texts: dict[str, list[dict[str, str]]] = {}
        self._fates: list[Fate] = []

    def plan(self) -> Plan:
        """The history."""
        tap = self._tap()
        steps: list[Run | Command] = []
        for _ in range(self._rng.choice((1, 2, 2, 3))):
            steps.append(self._run(tap))
            if self._likely(0.2):
                steps.append(self._command())
        return Plan(
            seed=self._seed,
            tap=tap,
            steps=tuple(steps),
            fates=tuple(self._fates),
            jobs=tuple(self._job_fate() for _ in range(self._rng.randint(1, 2)))
            if self._likely(0.15)
            else (),
            settings=(
                ("max_concurrent_jobs", self._rng.randint(1, 3)),
                ("row_retries", self._rng.randint(0, 2)),
                ("row_retry_wait_seconds", self._rng.choice((0.003, 1, 30))),
            ),
        )

    def _likely(self, share: float) -> bool:
        return self._rng.random() < share

    # -- the tap --------------------------------------------------------------------------------

    def _tap(self) -> Tap:
        sdk = self._likely(0.65)
        forms = ["bookmarks"] * 8 + ["renamed", "none"] + ([] if sdk else ["opaque"])
        return Tap(
            streams=self._rng.choice(
                (self._one, self._one, self._two, self._family, self._twins)
            )(),
            sdk=sdk,
            form=self._rng.choice(forms),
            every=self._rng.choice((1, 2, 3, 99)),
            mixed=self._likely(0.2),
        )

    def _one(self) -> tuple[Stream, ...]:
        return (self._stream("s1"),)

    def _two(self) -> tuple[Stream, ...]:
        """Two streams, of one object where both are keyed."""
        return self._stream("s1"), self._stream("s2")

    def _family(self) -> tuple[Stream, ...]:
        """Children and their parents, in any order."""
        parents = Stream(name="s2", kind=self._kind(), operation="upsert", key="Key__c",
                         sobject="Parent__c", columns=("A__c",))  # fmt: skip
        children = Stream(name="s1", kind=self._kind(), operation="upsert", key="Key__c",
                          columns=("A__c", "B__c", "Parent"))  # fmt: skip
        return (parents, children) if self._likely(0.4) else (children, parents)

    def _twins(self) -> tuple[Stream, ...]:
        """Two streams of the tap that become one stream here."""
        first = self._stream("s1")
        return replace(first, alias="s"), replace(first, name="s2", alias="s")

    def _kind(self) -> str:
        return self._rng.choice((">=", ">=", ">=", ">", ">", "unsorted", "full"))

    def _stream(self, name: str) -> Stream:
        insert = self._likely(0.45)
        return Stream(
            name=name,
            kind=self._kind(),
            operation="insert" if insert else "upsert",
            sobject="Parent__c" if insert and name == "s2" else "Thing__c",
            key=None if insert else self._rng.choice(("Key__c", "Key__c", "Other__c")),
            columns=("A__c",) if insert and name == "s2" else ("A__c", "B__c"),
        )

    # -- rows -----------------------------------------------------------------------------------

    def _new_rows(self, tap: Tap) -> tuple[Row, ...]:
        rows = []
        for stream in tap.streams:
            rows += [self._row(tap, stream) for _ in range(self._rng.choice((0, 1, 2, 3, 5)))]
        return tuple(rows)

    def _row(self, tap: Tap, stream: Stream) -> Row:
        self._rows += 1
        number = self._rows
        same = stream.kind == ">=" and self._likely(0.4)
        at = self._at[stream.name] = self._at.get(stream.name, 0) + (0 if same else 1)
        deleted = stream.key is not None and stream.sobject != "Parent__c" and self._likely(0.15)
        refused = not deleted and self._likely(0.07)
        cells = {} if deleted else self._cells(tap, stream, number, refused=refused)
        if not refused and not deleted and self._likely(0.2):
            self._fates.append(Fate(number=number, errors=self._errors()))
        return Row(
            number=number,
            stream=stream.name,
            at=at,
            cells=cells,
            key=None if stream.key is None else self._key(stream, number),
            deleted=deleted,
            refused=refused,
        )

    def _cells(self, tap: Tap, stream: Stream, number: int, *, refused: bool) -> dict[str, str]:
        known = self._texts.setdefault(stream.name, [])
        exact = tap.sdk and tap.form == "bookmarks" and stream.key is None
        if exact and known and not refused and self._likely(0.2):
            return dict(self._rng.choice(known))
        texts = [name for name in stream.columns if name != "Parent"]
        names = [name for name in texts if self._likely(0.7)] or [texts[0]]
        if stream.key is None:
            names = texts
        cells = {name: f"{name[0].lower()}{number}." for name in names}
        if refused:
            cells[names[0]] += "x" * 300
        else:
            known.append(cells)
        if "Parent" in stream.columns and self._likely(0.7):
            cells["Parent"] = f"k{self._rng.randint(0, 2)}"
        return cells

    def _key(self, stream: Stream, number: int) -> str:
        if stream.kind == "unsorted":
            return f"u{number}"
        key = f"k{self._rng.randint(0, 2)}"
        return key.upper() if self._likely(0.2) else key

    def _errors(self) -> tuple[str, ...]:
        error = self._rng.choice((LOCKED, LOCKED, REFUSED))
        return (error,) * self._rng.choice((1, 1, 2, 9))

    # -- what happens ---------------------------------------------------------------------------

    def _run(self, tap: Tap) -> Run:
        killed = self._likely(0.6)
        # STATE lines are few among the steps, and the steps around them matter the most.
        at_line = killed and self._likely(0.35)
        return Run(
            rows=self._new_rows(tap),
            cut=self._rng.randint(1, 15) if tap.form != "none" and self._likely(0.15) else None,
            signal=self._rng.randint(1, 15) if self._likely(0.05) else None,
            crash_at=self._rng.randint(1, 300) if killed and not at_line else None,
            crash_at_line=(self._rng.choice((1, 1, 2, 3)), self._rng.randint(0, 6))
            if at_line
            else None,
            lost_lines=self._rng.choice((0, 0, 1, 2)) if killed else 0,
            faults=self._faults(),
            usage_limit_at=self._from_a_request(),
            used_up_at=self._from_a_request(),
            changed=tuple(
                stream.name
                for stream in tap.streams
                # Of two streams that are one here, the newest SCHEMA counts for both.
                if len(stream.columns) > 1 and not stream.alias and self._likely(0.15)
            ),
            settings=(("batch_size_rows", self._rng.randint(1, 4)), *self._delete_limit()),
        )

    def _from_a_request(self) -> int | None:
        return self._costs.randint(1, 25) if self._costs.random() < 0.1 else None

    def _delete_limit(self) -> tuple[tuple[str, int], ...]:
        if self._limits.random() < 0.7:
            return ()
        return (("max_deletes", self._limits.randint(0, 3)),)

    def _command(self) -> Command:
        return Command(
            name=self._rng.choice(("retry", "resume")),
            crash_at=self._rng.randint(1, 150) if self._likely(0.4) else None,
            faults=self._faults(),
        )

    def _faults(self) -> tuple[tuple[int, Fault], ...]:
        number = self._rng.choice((0, 0, 0, 1, 2))
        return tuple((self._rng.randint(1, 25), self._fault()) for _ in range(number))

    def _fault(self) -> Fault:
        return Fault(self._rng.choice(_FAULTS), seconds=self._rng.choice((0.005, 0.015, 0.5, 3)))

    def _job_fate(self) -> JobFate:
        number, how = self._rng.randint(1, 5), self._rng.randint(1, 3)
        if how == 1:
            return JobFate(number=number, lies=(self._rng.choice(_LIES),))
        if how == 2:
            messages = ("InvalidBatch : made up", "InternalServerError : made up")
            return JobFate(
                number=number, fails=(self._rng.choice(messages), self._rng.randint(0, 2))
            )
        act = self._rng.choice(("abort", "remove"))
        return JobFate(number=number, act=act, after=self._rng.choice((0.0, 0.6, 1.2, 5)))


def draw(seed: int) -> Plan:
    """The history of a seed."""
    return Draw(seed).plan()
