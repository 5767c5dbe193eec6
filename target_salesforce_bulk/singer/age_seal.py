"""Seals batches by their age while the tap sends nothing."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class AgeSeal:
    """A thread that seals batches while the reading thread waits for input.

    What is read is taken under `taking`, so sinks are never used by two threads at once.

    Args:
        seal_old: Seals the batches that are old enough; the seconds until the next may be.
    """

    def __init__(self, seal_old: Callable[[], float]) -> None:
        self._seal_old = seal_old
        self._stopped = threading.Event()
        #: Held while messages are taken.
        self.taking = threading.Lock()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Watch the age of batches within this context."""
        thread = threading.Thread(target=self._watch, name="age-seal", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join()

    def _watch(self) -> None:
        wait = 0.0
        while not self._stopped.wait(wait):
            with self.taking:
                if not self._stopped.is_set():
                    wait = self._seal_old()
