"""The command line: one group of commands, and the one place where errors end.

Exit codes: 0, all loaded, or failures within the thresholds; 1, a person must look; 2, a wrong
command line; 130 and 143, interrupted.
"""

from __future__ import annotations

import logging
import sys
from typing import IO, Any

import click
from singer_sdk.plugin_base import SingerCommand

from target_salesforce_bulk.cli.check import check
from target_salesforce_bulk.cli.emulator import emulator
from target_salesforce_bulk.cli.failed import failed
from target_salesforce_bulk.cli.jobs import jobs
from target_salesforce_bulk.errors import SalesforceBulkError
from target_salesforce_bulk.singer.sdk import Terminated
from target_salesforce_bulk.target import TargetSalesforceBulk

logger = logging.getLogger("target_salesforce_bulk")


class Group(SingerCommand, click.Group):
    """The SDK's command with its handling of configuration errors, as a group of commands."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command; what goes wrong becomes one line and an exit code."""
        try:
            return super().invoke(context)
        except SalesforceBulkError as error:
            _leave(str(error), 1)
        except Terminated as signal:
            _leave(f"Stopped by signal {signal.signum}. The next run goes on.", 128 + signal.signum)


def _leave(why: str, code: int) -> None:
    logger.error("%s", why)
    sys.exit(code)


def load(config: Any, file_input: IO[str] | None) -> None:
    """Read Singer messages and load them."""
    target = TargetSalesforceBulk(
        config=config.config if config else None,
        parse_env_config=bool(config and config.parse_env),
    )
    try:
        target.run  # noqa: B018 - opened before the first line is read
        target.listen(file_input)
    except BaseException:
        target.stop()
        raise


def _command() -> click.Command:
    """The Singer run, and the other commands beside it."""
    singer = TargetSalesforceBulk.cli  # which also sets the SDK's logging up

    @click.pass_context
    def run_unless_subcommand(
        context: click.Context,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        file_input: IO[str] | None = None,
    ) -> None:
        if context.invoked_subcommand is not None:
            return
        if about:
            TargetSalesforceBulk.print_about(about_format)
        else:
            load(config, file_input)

    group = Group(
        name=singer.name,
        help="Load Singer messages from stdin into Salesforce.",
        params=singer.params,
        context_settings=singer.context_settings,
        callback=run_unless_subcommand,
        invoke_without_command=True,
        logger=TargetSalesforceBulk.logger,
    )
    for command in (check, emulator, failed, jobs):
        group.add_command(command)
    return group


def main() -> None:
    """Run the command line."""
    _command()()
