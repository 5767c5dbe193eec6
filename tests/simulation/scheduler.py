"""Threads that take turns, on a clock of their own.

Every thread of a simulated process is a real thread, but only the one that holds the baton runs.
At each yield point a seeded generator decides who goes next, so a history is repeated by its seed.
Virtual time moves when nobody can run: then to the nearest timer. It also creeps a little whenever
somebody reads the clock, as a real one does.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

#: How far the clock may move between two readings, in seconds.
CREEP = (0.0, 0.0, 1e-6, 1e-4, 2e-3)


class CrashError(BaseException):
    """The process ends here: no thread of it takes another step."""


class SimulationError(Exception):
    """A history did what none may do, such as hang."""


class HangError(SimulationError):
    """No thread can run, and no timer is pending."""


class BoundError(SimulationError):
    """More steps, requests or virtual time than any valid history takes."""


class Clock:
    """Virtual seconds since the history began."""

    def __init__(self, rng: random.Random, limit: float) -> None:
        self._rng = rng
        self._limit = limit
        #: How far one reading may move it.
        self.creep: tuple[float, ...] = CREEP
        #: The time, unread.
        self.now = 0.0

    def read(self) -> float:
        """The time, which advances when it is read."""
        self.now += self.creep[int(self._rng.random() * len(self.creep))]
        return self.now

    def advance(self, to: float) -> None:
        """Advance to a later time.

        Raises:
            BoundError: the history takes too long.
        """
        self.now = max(self.now, to)
        if self.now > self._limit:
            raise BoundError(f"The history takes more than {self._limit:.0f} virtual seconds.")


def _closed_gate() -> threading.Lock:
    """A lock that somebody else releases; much faster than a semaphore."""
    gate = threading.Lock()
    gate.acquire()
    return gate


class Task:
    """One thread of the simulated process."""

    def __init__(self, name: str) -> None:
        self.name = name
        #: Held by the thread while it may not run.
        self.turn = _closed_gate()
        #: What it waits for; None while it can run.
        self.ready: Callable[[], bool] | None = None
        #: When its wait ends anyway.
        self.deadline: float | None = None
        self.finished = False


class Process:
    """The threads of one run of the program; the creating thread is the first.

    Args:
        rng: Decides who goes next.
        clock: Virtual time, which continues after this process.
        max_steps: A process with more steps counts as an endless loop.
        restless: The probability that a yield point passes the turn on.
        crash_at: The step at which the process is killed; None for never.
        on_step: Called for each step, for a trace.
    """

    def __init__(
        self,
        rng: random.Random,
        clock: Clock,
        *,
        max_steps: int = 50_000,
        restless: float = 0.5,
        crash_at: int | None = None,
        on_step: Callable[[str, str], None] | None = None,
    ) -> None:
        self.rng = rng
        self.clock = clock
        self.crash_at = crash_at
        #: Yield points passed so far.
        self.steps = 0
        self.crashed = False
        #: Why the history has failed; the first reason counts.
        self.failure: SimulationError | None = None
        #: Raised in the first thread at its next step, as a signal handler would.
        self.interrupt: BaseException | None = None
        self._max_steps = max_steps
        self._restless = restless
        self._on_step = on_step
        self._main = Task("main")
        self._tasks = [self._main]
        self.current = self._main
        self._reaper: threading.Lock | None = None

    def step(self, what: str) -> None:
        """Let any thread go next; the caller continues when its turn comes.

        Raises:
            CrashError: the process has been killed.
        """
        self._check()
        self.steps += 1
        if self._on_step is not None:
            self._on_step(self.current.name, what)
        if self.steps == self.crash_at:
            self.kill()
        if self.steps > self._max_steps:
            self.fail(BoundError(f"The process takes more than {self._max_steps} steps."))
        if self.rng.random() < self._restless:
            self._switch()

    def block(self, ready: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until `ready()` or a timeout; returns whether it is ready."""
        self._check()
        task = self.current
        task.ready = ready
        task.deadline = None if timeout is None else self.clock.now + max(timeout, 0.0)
        try:
            self._switch()
        finally:
            task.ready, task.deadline = None, None
        return ready()

    def sleep(self, seconds: float) -> None:
        """Wait for a number of seconds."""
        self.block(lambda: False, seconds)

    def kill(self) -> None:
        """End the process at this step.

        Raises:
            CrashError: always.
        """
        self.crashed = True
        raise CrashError

    def spawn(self, name: str, run: Callable[[], None]) -> Task:
        """Start another thread."""
        self._check()
        task = Task(name)
        self._tasks.append(task)
        threading.Thread(target=self._body, args=(task, run), daemon=True).start()
        self.step(f"starts {name}")
        return task

    def reap(self) -> None:
        """End the remaining threads after the first one has ended."""
        self.crashed = True
        self._reaper = _closed_gate()
        self._tasks.remove(self._main)
        for task in list(self._tasks):
            self.current = task
            task.turn.release()
            self._reaper.acquire()

    def _body(self, task: Task, run: Callable[[], None]) -> None:
        task.turn.acquire()
        try:
            self._check()
            run()
        except CrashError:
            pass
        except BaseException as error:  # noqa: BLE001 - reported as the failure of the history
            self._note(SimulationError(f"Thread {task.name} died: {error!r}"))
        task.finished = True
        self._tasks.remove(task)
        if self._reaper is not None:
            self._reaper.release()
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        """Pass the turn on from a thread that has ended."""
        try:
            following = self._main if self.crashed else self._choose()
        except SimulationError as error:
            self._note(error)
            following = self._main
        self.current = following
        following.turn.release()

    def _switch(self) -> None:
        mine = self.current
        try:
            following = self._choose()
        except SimulationError as error:
            self.fail(error)
        if following is not mine:
            self.current = following
            following.turn.release()
            mine.turn.acquire()
        self._check()

    def _choose(self) -> Task:
        while True:
            now = self.clock.now
            able = [
                task
                for task in self._tasks
                if task.ready is None
                or (task.deadline is not None and task.deadline <= now)
                or task.ready()
            ]
            if able:
                return able[int(self.rng.random() * len(able))]
            timers = [task.deadline for task in self._tasks if task.deadline is not None]
            if not timers:
                waiting = ", ".join(task.name for task in self._tasks)
                raise HangError(f"Nobody can run and no timer is pending; waiting: {waiting}.")
            self.clock.advance(min(timers))

    def _note(self, error: SimulationError) -> None:
        self.failure = self.failure or error
        self.crashed = True

    def fail(self, error: SimulationError) -> NoReturn:
        """End the process because of an error in the history.

        Raises:
            CrashError: always.
        """
        self._note(error)
        raise CrashError

    def _check(self) -> None:
        if self.crashed:
            raise CrashError
        if self.interrupt is not None and self.current is self._main:
            error, self.interrupt = self.interrupt, None
            raise error
