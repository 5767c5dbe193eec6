"""Whether a page is still open: each holds one request open for as long as it lives."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds without a page after which none is to be expected; a reload takes less.
GRACE_SECONDS = 3.0


class Presence:
    """Counts open pages; safe to call from any thread.

    A request that stays open is no timer, which browsers slow down in pages that nobody looks at.

    Args:
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pages = 0
        self._left: float | None = None
        self._ended = False

    def enter(self) -> None:
        """A page has been opened."""
        with self._lock:
            self._pages += 1

    def leave(self) -> None:
        """A page has been closed or is being reloaded."""
        with self._lock:
            self._pages -= 1
            self._left = self._clock()

    def end(self) -> None:
        """The page says that it is finished."""
        self._ended = True

    @property
    def is_over(self) -> bool:
        """Whether the last page is gone; a page that was never opened is waited for."""
        with self._lock:
            gone = self._pages == 0 and self._left is not None
            return self._ended or (gone and self._clock() - (self._left or 0.0) > GRACE_SECONDS)
