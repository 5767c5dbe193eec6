"""`target-salesforce-bulk check`: would this work, and what would it cost?"""

from __future__ import annotations

import sys
from typing import IO, Any

import click

from target_salesforce_bulk.cli.options import config_option, read_target


@click.command()
@config_option
@click.option(
    "--input", "file_input", type=click.File("r"), help="Singer messages to check; none is sent."
)
def check(config: Any, file_input: IO[str] | None) -> None:
    """Log in, check every stream's mapping, and read an input without sending it.

    Exits with 1 if anything would fail.
    """
    from target_salesforce_bulk.preview.check import Preflight

    preflight = Preflight(read_target(config))
    preflight.check_org()
    if file_input is None:
        preflight.check_streams()
    else:
        preflight.check_input(file_input)
    sys.exit(1 if preflight.problems else 0)
