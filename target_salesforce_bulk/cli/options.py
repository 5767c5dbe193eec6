"""The options that commands share, and the target that they are read into."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from target_salesforce_bulk.configuration.environment import read_environment
from target_salesforce_bulk.configuration.files import read_dotenv, read_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.settings import Settings
    from target_salesforce_bulk.target import TargetSalesforceBulk


def target_class() -> type[TargetSalesforceBulk]:
    """The target. It is imported with the SDK when it is needed, which `--help` has no time for."""
    from target_salesforce_bulk.target import TargetSalesforceBulk

    return TargetSalesforceBulk


def read_target(config: Any, **options: str | None) -> TargetSalesforceBulk:
    """Create the target from what `--config` gave; it opens nothing yet.

    Args:
        config: Files, or `ENV` for environment variables, which go before the files.
        options: Settings from the command line, which go before both; None for those not given.

    Raises:
        SettingsError: a file cannot be read, or a setting does not take its value.
    """
    sources = config or ()
    target = target_class()
    given = read_files(each for each in sources if each != "ENV")
    if "ENV" in sources:
        variables = {**read_dotenv(Path.cwd()), **os.environ}
        given |= read_environment(variables, target.settings_schema())
    given |= {name: value for name, value in options.items() if value is not None}
    return target(config=given)


def _read_config(context: click.Context, parameter: Any, value: Any) -> Any:
    return value or context.find_root().params.get("config")


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--config`, which may also be given before the name of the command."""
    return click.option(
        "--config",
        multiple=True,
        callback=_read_config,
        help="Configuration file, or ENV to read environment variables.",
    )(command)


org_option = click.option(
    "--org",
    help="ID of the org to use. Needed only if the state directory has several orgs and these "
    "settings have not logged in to any of them.",
)


number_option = click.option(
    "--number",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Number of runs to list.",
)


def read_settings(config: Any, **options: str | None) -> Settings:
    """The settings of a configuration; those from the command line go before it.

    Raises:
        SettingsError: a setting does not take its value, or settings contradict each other.
    """
    return read_target(config, **options).settings
