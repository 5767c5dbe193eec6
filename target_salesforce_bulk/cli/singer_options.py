"""The options that a Singer target has, as the SDK declares them.

They are declared here again because importing the SDK takes longer than everything else that
`--help` and `--version` do.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import click

from target_salesforce_bulk.printing import print_lines

if TYPE_CHECKING:
    from collections.abc import Callable

#: Of the program and its package.
NAME = "target-salesforce-bulk"


def _print_version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        print_lines(f"{NAME} v{version(NAME)}, Meltano SDK v{version('singer-sdk')}")
        context.exit()


_OPTIONS = (
    click.option(
        "--version",
        is_flag=True,
        help="Display the package version.",
        is_eager=True,
        expose_value=False,
        callback=_print_version,
    ),
    click.option("--about", help="Display package metadata and settings.", is_flag=True),
    click.option(
        "--format",
        "about_format",
        help="Specify output style for --about",
        type=click.Choice(["json", "markdown"], case_sensitive=False),
    ),
    click.option(
        "--config",
        multiple=True,
        help="Configuration file location or 'ENV' to use environment variables.",
        default=(),
        is_eager=True,
    ),
    click.option(
        "--input",
        "file_input",
        help="A path to read messages from instead of from standard in.",
        type=click.File("r"),
    ),
)


def singer_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--version`, `--about`, `--format`, `--config` and `--input`, in this order."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
