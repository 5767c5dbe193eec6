"""How a worker exits when the run is being stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading


class StoppedError(Exception):
    """The run is being stopped; the journal has the state of the batch."""


def leave_if(stopping: threading.Event) -> None:
    """Raise if the run is being stopped.

    Raises:
        StoppedError: it is.
    """
    if stopping.is_set():
        raise StoppedError


def sleep(stopping: threading.Event, seconds: float) -> None:
    """Sleep, unless the run is stopped meanwhile.

    Raises:
        StoppedError: it was.
    """
    if stopping.wait(seconds):
        raise StoppedError
