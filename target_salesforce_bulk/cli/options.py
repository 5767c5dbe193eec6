"""The `--config` option, which all commands share with the target itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from target_salesforce_bulk.target import TargetSalesforceBulk

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.settings import Settings


def read_target(config: Any) -> TargetSalesforceBulk:
    """Create the target from what `--config` gave; it opens nothing yet.

    Raises:
        ConfigValidationError: the configuration does not match the schema.
    """
    return TargetSalesforceBulk(
        config=config.config if config else None,
        parse_env_config=bool(config and config.parse_env),
    )


def _read_config(context: click.Context, parameter: Any, value: Any) -> Any:
    if not value:
        return context.find_root().params.get("config")
    return TargetSalesforceBulk.cb_config(context, parameter, value)


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
    help="Id of the org whose rows are meant. Needed only where the state directory has several, "
    "and these settings have logged in to none of them.",
)


def read_settings(config: Any) -> Settings:
    """The settings of a configuration.

    Raises:
        ConfigValidationError: the configuration does not match the schema.
        SettingsError: settings contradict each other.
    """
    return read_target(config).settings
