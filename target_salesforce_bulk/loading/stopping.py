"""How a worker exits from a batch that must not continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading


class RunStoppedError(Exception):
    """The run is being stopped; the next run continues with the batch, as the journal has it."""


class BatchGivenUpError(Exception):
    """The batch's stream was stopped, and the batch has been given up."""


def leave_if(stopping: threading.Event) -> None:
    """Raise if the run is being stopped.

    Raises:
        RunStoppedError: it is.
    """
    if stopping.is_set():
        raise RunStoppedError


def sleep(stopping: threading.Event, seconds: float) -> None:
    """Sleep, unless the run is stopped meanwhile.

    Raises:
        RunStoppedError: it was.
    """
    if stopping.wait(seconds):
        raise RunStoppedError
