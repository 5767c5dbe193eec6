"""What commands share: the configuration, given as to the target itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from target_salesforce_bulk.target import TargetSalesforceBulk

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.settings import Settings


def read_target(config: Any) -> TargetSalesforceBulk:
    """The target of a configuration, not opened.

    Raises:
        ConfigValidationError: the configuration does not pass the schema.
    """
    return TargetSalesforceBulk(
        config=config.config or None, parse_env_config=bool(config.parse_env)
    )


def _read_config(context: click.Context, parameter: Any, value: Any) -> Any:
    if not value and context.parent is not None:
        return context.parent.params.get("config")
    return TargetSalesforceBulk.cb_config(context, parameter, value)


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--config`, which may also stand before the command's name."""
    return click.option(
        "--config",
        multiple=True,
        callback=_read_config,
        help="Configuration file, or ENV for environment variables; as for the target.",
    )(command)


def read_settings(config: Any) -> Settings:
    """The settings of a configuration.

    Raises:
        ConfigValidationError: the configuration does not pass the schema.
        SettingsError: settings that contradict each other.
    """
    return read_target(config).settings
