"""Lines for people, on stdout or stderr."""

from __future__ import annotations

import logging

import click

from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.plain_text import plain_text

logger = logging.getLogger(__name__)

#: Characters of a line: it may name every column of a wide table, or have a long value.
_LONGEST = 200_000


def print_lines(*lines: str, err: bool = False) -> None:
    """Print lines; text from outside in them stays within its line and harmless to a terminal.

    Args:
        lines: The lines, without their ends.
        err: Whether they go to stderr, or to the log where its configuration has been given.
    """
    plain = [plain_text(line, _LONGEST) for line in lines]
    if err and _Stderr.is_log:
        for line in plain:
            logger.info("%s", line, extra=log_facts(LogCode.SUMMARY))
    else:
        click.echo("\n".join(plain), err=err)


class _Stderr:
    #: Whether what reads stderr expects nothing but lines of the log there.
    is_log = False


def log_lines(*, instead_of_stderr: bool) -> None:
    """Send lines for stderr to the log from now on, or to stderr itself."""
    _Stderr.is_log = instead_of_stderr
