"""Lines for people, on stdout or stderr."""

from __future__ import annotations

import click

from target_salesforce_bulk.plain_text import plain_text

#: Characters of a line: it may name every column of a wide table, or have a long value.
_LONGEST = 200_000


def print_lines(*lines: str, err: bool = False) -> None:
    """Print lines; text from outside in them stays within its line and harmless to a terminal.

    Args:
        lines: The lines, without their ends.
        err: Whether they go to stderr.
    """
    click.echo("\n".join(plain_text(line, _LONGEST) for line in lines), err=err)
