"""How often a request is repeated whose response was lost."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from target_salesforce_bulk.loading.stopping import sleep

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from target_salesforce_bulk.salesforce.transport import RetryPolicy

_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 60.0


class Attempts:
    """Counts attempts, with exponential backoff and full jitter.

    Args:
        policy: The most attempts and the most time; the bound reached first applies.
        stopping: Set when the run is to leave.
        clock: Seconds on a monotonic clock.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        stopping: threading.Event,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = policy
        self._stopping = stopping
        self._clock = clock
        self._until = clock() + policy.max_seconds
        self._longest_wait = _FIRST_WAIT_SECONDS
        #: Attempts begun, including the first.
        self.number = 1

    def wait_for_another(self) -> bool:
        """Wait for the next attempt; False if there is none.

        Raises:
            RunStoppedError: the run is being stopped.
        """
        seconds = random.uniform(0, self._longest_wait)  # noqa: S311 - not for secrets
        if self.number >= self._policy.attempts or self._clock() + seconds >= self._until:
            return False
        sleep(self._stopping, seconds)
        self._longest_wait = min(2 * self._longest_wait, _LONGEST_WAIT_SECONDS)
        self.number += 1
        return True
