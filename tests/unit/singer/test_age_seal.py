"""Batches are sealed by their age, and never while messages are taken."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.singer.age_seal import AgeSeal

if TYPE_CHECKING:
    from collections.abc import Callable


class Waits:
    """In the place of the event that ends the watching: no time passes, and the last wait ends it.

    Args:
        number: How many waits end without the event.
        meanwhile: Called at the end of each of these.
    """

    def __init__(self, number: int, meanwhile: Callable[[], None] = lambda: None) -> None:
        self._left = number
        self._meanwhile = meanwhile
        self._is_set = False
        #: The seconds of each wait.
        self.seconds: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.seconds.append(seconds)
        if self._left == 0:
            return True
        self._left -= 1
        self._meanwhile()
        return False

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True


def watch(waits: Any, seal_old: Callable[[], float]) -> AgeSeal:
    """Watch until the waits are over."""
    age_seal = AgeSeal(seal_old)
    age_seal._stopped = waits
    age_seal._watch()
    return age_seal


def test_it_waits_as_long_as_it_was_told() -> None:
    """It looks at once, and then when the next batch may be old enough."""
    waits, ages = Waits(3), iter([5.0, 0.25, 60.0])
    watch(waits, lambda: next(ages))

    assert (waits.seconds, list(ages)) == ([0.0, 5.0, 0.25, 60.0], [])


def test_nothing_is_taken_meanwhile() -> None:
    """The lock is held for each look, and for nothing else."""
    held: list[bool] = []

    def seal_old() -> float:
        held.append(age_seal.taking.locked())
        return 1.0

    age_seal = AgeSeal(seal_old)
    age_seal._stopped = Waits(2, lambda: held.append(age_seal.taking.locked()))  # type: ignore[assignment]
    age_seal._watch()

    assert held == [False, True, False, True]
    assert not age_seal.taking.locked()


def test_nothing_is_sealed_once_the_input_has_ended() -> None:
    """Also if it ended while the thread waited for the lock: the end seals everything itself."""
    looks: list[None] = []

    def seal_old() -> float:
        looks.append(None)
        return 0.0

    waits = Waits(1, lambda: waits.set())
    watch(waits, seal_old)

    assert looks == []


@pytest.mark.parametrize("error", [None, ZeroDivisionError])
def test_the_thread_ends_with_the_reading(error: type[Exception] | None) -> None:
    """It has a name while it runs, and is gone afterwards, also after an error."""
    looked = threading.Event()
    names: list[str] = []

    def seal_old() -> float:
        names.append(threading.current_thread().name)
        looked.set()
        return 3600.0

    def read() -> None:
        with AgeSeal(seal_old).running():
            assert looked.wait(60)
            if error is not None:
                raise error

    if error is None:
        read()
    else:
        with pytest.raises(error):
            read()

    assert names == ["age-seal"]
    assert "age-seal" not in {thread.name for thread in threading.enumerate()}
