"""How a worker leaves when the run is being stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading


class StoppedError(Exception):
    """The run is being stopped; the journal knows where the batch stands."""


def leave_if(stopping: threading.Event) -> None:
    """Leave, where the run is being stopped.

    Raises:
        StoppedError: it is.
    """
    if stopping.is_set():
        raise StoppedError


def sleep(stopping: threading.Event, seconds: float) -> None:
    """Wait so long, unless the run is stopped meanwhile.

    Raises:
        StoppedError: it was.
    """
    if stopping.wait(seconds):
        raise StoppedError
