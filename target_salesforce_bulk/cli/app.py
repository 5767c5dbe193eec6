"""The command line: the group of commands, and the one place where errors become exit codes.

Exit codes: 0, everything was loaded, or the failures are within the thresholds; 1, something needs
attention; 2, wrong command line; 130 and 143, interrupted by a signal.
"""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import sys
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any, NoReturn

import click
import requests
from singer_sdk.plugin_base import SingerCommand

from target_salesforce_bulk.cli import plain_logs
from target_salesforce_bulk.cli.check import check
from target_salesforce_bulk.cli.emulator import emulator
from target_salesforce_bulk.cli.failed import failed
from target_salesforce_bulk.cli.jobs import jobs
from target_salesforce_bulk.cli.log import hide_secrets
from target_salesforce_bulk.cli.options import read_target
from target_salesforce_bulk.cli.unread_input import discarded_on_error
from target_salesforce_bulk.errors import SalesforceBulkError, SettingsError
from target_salesforce_bulk.singer.sdk import Terminated
from target_salesforce_bulk.target import TargetSalesforceBulk

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

logger = logging.getLogger("target_salesforce_bulk")

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Group(SingerCommand, click.Group):
    """A command group with the SDK's handling of configuration errors."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command; an error becomes one log line and an exit code."""
        try:
            for signum in _SIGNALS:
                signal.signal(signum, _terminate)
            result = super().invoke(context)
            _flush_stdout()
        except SettingsError as error:
            _leave_for(error.problems, 1)
        except SalesforceBulkError as error:
            _leave(str(error), 1)
        except Terminated as received:
            name = signal.Signals(received.signum).name
            _leave(f"Stopped by {name}. The next run continues.", 128 + received.signum)
        except BrokenPipeError:
            sys.stdout = None  # Python would flush it at exit
            _leave("The reader of stdout has closed the pipe; the output is incomplete.", 1)
        except requests.RequestException as error:  # also an OSError, but not about a file
            _leave(f"Salesforce sent a response that cannot be read: {error}", 1)
        except (OSError, sqlite3.Error) as error:
            _leave(
                f"Reading or writing a file failed: {error}. Check the free space and the "
                "permissions of state_dir. Nothing is lost: the next run continues.",
                1,
            )
        return result


def _terminate(signum: int, frame: FrameType | None) -> NoReturn:
    # Meltano forwards a signal that the terminal sends too; the second must not break the cleanup.
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Terminated(signum)


def _flush_stdout() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _leave(why: str, code: int) -> NoReturn:
    _leave_for((why,), code)


def _leave_for(reasons: Iterable[str], code: int) -> NoReturn:
    for each in reasons:
        logger.error("%s", each)
    sys.exit(code)


def load(config: Any, file_input: IO[str] | None) -> None:
    """Read Singer messages and load them; an error comes after the end of the input."""
    with discarded_on_error(file_input or sys.stdin):
        _load(config, file_input)


def _load(config: Any, file_input: IO[str] | None) -> None:
    target = read_target(config)
    try:
        target.run  # noqa: B018 - opens the run before the first line is read
        target.listen(file_input)
    except BaseException:
        with suppress(OSError, sqlite3.Error):  # a full disk is still full
            target.stop()
        raise


def _command() -> click.Command:
    """The command that loads, with the other commands as its subcommands."""
    singer = TargetSalesforceBulk.cli  # also sets up the SDK's logging
    hide_secrets()

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
    # Rows are customer data: whatever is written here, also by libraries, is for its owner only.
    os.umask(0o077)
    plain_logs.set_up()
    _command()()
