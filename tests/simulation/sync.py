"""Locks, conditions, events and threads of a simulated process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation.world import process, step

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulation.scheduler import Task


class Lock:
    """A lock; `reentrant` says whether its owner may take it again."""

    reentrant = False

    def __init__(self) -> None:
        self._owner: Task | None = None
        self._depth = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it."""
        now = process()
        if self._owner is now.current and self.reentrant:
            self._depth += 1
            return True
        now.step("takes a lock")
        if self._owner is not None:
            limit = None if timeout < 0 else timeout
            if not blocking or not now.block(lambda: self._owner is None, limit):
                return False
        self._owner, self._depth = now.current, 1
        return True

    def release(self) -> None:
        """Give it back."""
        self._depth -= 1
        if self._depth == 0:
            self._owner = None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class RLock(Lock):
    """A lock that its owner may take again."""

    reentrant = True


class Condition:
    """A condition; its waiters wake only when notified."""

    def __init__(self, lock: Lock | None = None) -> None:
        self._lock = lock or RLock()
        self._waiters: list[list[bool]] = []

    def __enter__(self) -> bool:
        return self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait to be notified; False after a timeout."""
        told = [False]
        self._waiters.append(told)
        self._lock.release()
        try:
            return process().block(lambda: told[0], timeout)
        finally:
            self._waiters = [each for each in self._waiters if each is not told]
            self._lock.acquire()

    def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
        """Wait until a predicate holds."""
        end = None if timeout is None else process().clock.now + timeout
        while not (result := predicate()):
            left = None if end is None else end - process().clock.now
            if left is not None and left <= 0:
                break
            self.wait(left)
        return result

    def notify(self, n: int = 1) -> None:
        """Wake a number of waiters."""
        for told in [each for each in self._waiters if not each[0]][:n]:
            told[0] = True

    def notify_all(self) -> None:
        """Wake all waiters."""
        self.notify(len(self._waiters))


class Event:
    """A flag that threads wait for."""

    def __init__(self) -> None:
        self._flag = False

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._flag

    def set(self) -> None:
        """Set it."""
        step("sets an event")
        self._flag = True

    def clear(self) -> None:
        """Clear it."""
        self._flag = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set; False after a timeout."""
        step("waits for an event")
        return self._flag or process().block(lambda: self._flag, timeout)


class Thread:
    """A thread of the simulated process."""

    def __init__(
        self,
        target: Callable[..., Any] | None = None,
        name: str = "thread",
        args: tuple[Any, ...] = (),
        daemon: bool | None = None,
    ) -> None:
        self.name, self.daemon = name, daemon
        self._run = lambda: target(*args) if target else None
        self._task: Task | None = None

    def start(self) -> None:
        """Start the thread."""
        self._task = process().spawn(self.name, self._run)

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        task = self._task
        if task is not None:
            process().block(lambda: task.finished, timeout)

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._task is not None and not self._task.finished
