"""After an error, reads and discards what the tap still writes, so that the tap ends by itself.

Whoever writes into a pipe that nobody reads is killed by SIGPIPE or gets a BrokenPipeError. Under
`meltano run` its traceback of some 150 lines buries the line that says what went wrong.
"""

from __future__ import annotations

import logging
import os
import select
import stat
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from target_salesforce_bulk.errors import Terminated
from target_salesforce_bulk.log_codes import LogCode, log_facts

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

#: Seconds for which input is discarded. A tap that has been connecting meanwhile, or has a small
#: table, ends by then; one that reads for hours, or never ends, must not delay the exit code.
MAX_SECONDS = 60.0
#: Bytes that are discarded: what Meltano passes on in about that time. A tap that writes faster
#: would only cost its source more reading that is of no use.
MAX_BYTES = 1_000_000_000

_BLOCK_BYTES = 1 << 16  # as much as a pipe holds


@contextmanager
def discarded_on_error(source: IO[str] | None) -> Iterator[None]:
    """Discard the rest of the input before an error leaves this context.

    A signal that asks the process to exit is not such an error. If it comes while input is
    discarded, that ends at once, and the error that came first is raised.
    """
    try:
        yield
    except Exception:
        # The input may be closed, or its other end reset; the error that is raised counts.
        with suppress(Terminated, OSError, ValueError):
            if source is not None and hasattr(source, "fileno"):
                discard(source.fileno())
        raise


def discard(descriptor: int, max_seconds: float = MAX_SECONDS, max_bytes: int = MAX_BYTES) -> None:
    """Read a pipe or socket until its end, a time or a number of bytes; nothing is parsed.

    A terminal or a file has no writer that would fail, so it is left alone.
    """
    if not _has_writer(descriptor):
        return
    deadline, waits = time.monotonic() + max_seconds, False
    while max_bytes > 0:
        if not waits and not _readable(descriptor, 0):
            waits = True
            logger.info(
                "Discarding the rest of the input for at most %.0f seconds, so that the tap can "
                "end. It is not acknowledged.",
                max_seconds,
                extra=log_facts(LogCode.INPUT_DISCARDED),
            )
        if not _readable(descriptor, deadline - time.monotonic()):
            return
        block = os.read(descriptor, _BLOCK_BYTES)
        if not block:
            return
        max_bytes -= len(block)


def _has_writer(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)  # Meltano gives a socket


def _readable(descriptor: int, seconds: float) -> bool:
    """Whether a read would not wait, after some seconds at the latest; never if they are over."""
    return seconds >= 0 and bool(select.select([descriptor], [], [], seconds)[0])
