"""`target-salesforce-bulk check`: test a configuration without sending a row."""

from __future__ import annotations

import sys
from typing import IO, Any

import click

from target_salesforce_bulk.cli.options import config_option, read_target


@click.command()
@config_option
@click.option(
    "--input",
    "file_input",
    type=click.File("r"),
    help="File of Singer messages to check. Nothing is sent.",
)
def check(config: Any, file_input: IO[str] | None) -> None:
    """Log in and check the mapping of every stream, without sending a row.

    With --input, also report the rows that would be refused and the number of jobs and API
    requests. Exits with 1 if anything would fail.
    """
    from target_salesforce_bulk.preview.check import Preflight

    preflight = Preflight(read_target(config))
    preflight.check_org()
    if file_input is None:
        preflight.check_streams()
    else:
        preflight.check_input(file_input)
    sys.exit(1 if preflight.problems else 0)
