"""Log records whose text from outside can neither forge a line nor reach a terminal as commands.

It is one place for every logger: those of this package, of the SDK and of other libraries.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from types import TracebackType

#: Characters of a message, and of a line of a traceback.
_LONGEST = 20_000


class PlainRecord(logging.LogRecord):
    """A log record whose message is one line of printable characters, whatever its arguments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = plain_text(self.name)  # the SDK names loggers after streams
        if self.exc_info and self.exc_info[1] is not None:
            self.exc_text = plain_trace(self.exc_info[1])  # formatters use it instead of their own

    def getMessage(self) -> str:  # noqa: N802 - named by logging
        """The message with its arguments."""
        return plain_text(super().getMessage(), _LONGEST)


def plain_trace(error: BaseException) -> str:
    """A traceback; each line is indented, so that none looks like a line of the log."""
    lines = "".join(traceback.format_exception(error)).rstrip("\n").split("\n")
    return "\n".join(f"  {plain_text(line, _LONGEST)}" for line in lines)


def set_up() -> None:
    """Make the records of all loggers plain, and what is printed of an error that nobody caught."""
    logging.setLogRecordFactory(PlainRecord)
    sys.excepthook = _print_uncaught
    threading.excepthook = _print_uncaught_of_thread


def _print_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    sys.stderr.write(f"{plain_trace(error)}\n")


def _print_uncaught_of_thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None:
        sys.stderr.write(f"{plain_trace(arguments.exc_value)}\n")
