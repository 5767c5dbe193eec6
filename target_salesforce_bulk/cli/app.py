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
from contextlib import ExitStack, suppress
from typing import IO, TYPE_CHECKING, Any, NoReturn

import click

from target_salesforce_bulk.cli import log, plain_logs
from target_salesforce_bulk.cli.access import login, logout, whoami
from target_salesforce_bulk.cli.check import check
from target_salesforce_bulk.cli.emulator import emulator
from target_salesforce_bulk.cli.error_codes import code_of
from target_salesforce_bulk.cli.failed import failed
from target_salesforce_bulk.cli.history import history_command
from target_salesforce_bulk.cli.jobs import jobs
from target_salesforce_bulk.cli.map import map_group
from target_salesforce_bulk.cli.map_edit import edit
from target_salesforce_bulk.cli.map_unit import unit
from target_salesforce_bulk.cli.options import read_target, target_class
from target_salesforce_bulk.cli.report import report_group
from target_salesforce_bulk.cli.singer_options import NAME, singer_options
from target_salesforce_bulk.cli.unread_input import discarded_on_error
from target_salesforce_bulk.errors import SalesforceBulkError, SettingsError, Terminated
from target_salesforce_bulk.log_codes import LogCode, log_facts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

logger = logging.getLogger("target_salesforce_bulk")

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Group(click.Group):
    """A command group that turns errors into exit codes."""

    def invoke(self, context: click.Context) -> Any:
        """Run a command; an error becomes one log line and an exit code."""
        try:
            for signum in _SIGNALS:
                signal.signal(signum, _terminate)
            result = super().invoke(context)
            _flush_stdout()
        except SettingsError as error:
            _leave_for(error.problems, 1, LogCode.SETTINGS_WRONG)
        except SalesforceBulkError as error:
            _leave(str(error), 1, code_of(error))
        except Terminated as received:
            name = signal.Signals(received.signum).name
            text = f"Stopped by {name}. {received.remark}"
            _leave(text, 128 + received.signum, LogCode.STOPPED_BY_SIGNAL)
        except BrokenPipeError:
            sys.stdout = None  # Python would flush it at exit
            text = "The reader of stdout has closed the pipe; the output is incomplete."
            _leave(text, 1, LogCode.OUTPUT_FAILED)
        except _errors_of_requests() as error:  # also OSErrors, but not about a file
            text = f"Salesforce sent a response that cannot be read: {error}"
            _leave(text, 1, LogCode.ANSWER_UNREADABLE)
        except (OSError, sqlite3.Error) as error:
            _leave(
                f"Reading or writing a file failed: {error}. Check the free space and the "
                "permissions of state_dir. Nothing is lost: the next run continues.",
                1,
                LogCode.FILE_FAILED,
            )
        return result


def _terminate(signum: int, frame: FrameType | None) -> NoReturn:
    # Meltano forwards a signal that the terminal sends too; the second must not break the cleanup.
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Terminated(signum)


def _errors_of_requests() -> tuple[type[Exception], ...]:
    """What `requests` raises; nothing if no command has imported it, which takes long."""
    requests = sys.modules.get("requests")
    return () if requests is None else (requests.RequestException,)


def _flush_stdout() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _leave(why: str, code: int, log_code: LogCode) -> NoReturn:
    _leave_for((why,), code, log_code)


def _leave_for(reasons: Iterable[str], code: int, log_code: LogCode) -> NoReturn:
    for each in reasons:
        logger.error("%s", each, extra=log_facts(log_code, exit_code=code))
    sys.exit(code)


def load(config: Any, file_input: IO[str] | None, *, progress: bool = False) -> None:
    """Read Singer messages and load them; an error comes after the end of the input."""
    with discarded_on_error(file_input or sys.stdin), ExitStack() as stack:
        _load(config, file_input, stack if progress else None)


def _load(config: Any, file_input: IO[str] | None, shown: ExitStack | None) -> None:
    target = read_target(config)
    if shown is not None and target.settings.progress:
        from target_salesforce_bulk.reporting.progress.display import display

        target.show_progress(shown.enter_context(display()))
    try:
        target.run  # noqa: B018 - opens the run before the first line is read
        target.listen(file_input)
    except BaseException:
        with suppress(OSError, sqlite3.Error):  # a full disk is still full
            target.stop()
        raise


@click.group(
    NAME,
    cls=Group,
    invoke_without_command=True,
    help="Load Singer messages from stdin into Salesforce.",
)
@singer_options
@click.option(
    "--progress/--no-progress",
    default=True,
    help="Show on stderr how far the run is; the setting progress can turn it off, too.",
)
@click.pass_context
def program(
    context: click.Context,
    *,
    about: bool,
    about_format: str | None,
    config: Any,
    file_input: IO[str] | None,
    progress: bool,
) -> None:
    """Load, unless a command is given."""
    if context.invoked_subcommand is not None:
        return
    if about:
        target_class().print_about(about_format)
    else:
        load(config, file_input, progress=progress)


map_group.add_command(edit)
map_group.add_command(unit)
for _command in (
    check,
    emulator,
    failed,
    history_command,
    jobs,
    login,
    logout,
    map_group,
    report_group,
    whoami,
):
    program.add_command(_command)


def main() -> None:
    """Run the command line."""
    # Rows are customer data: whatever is written here, also by libraries, is for its owner only.
    os.umask(0o077)
    plain_logs.set_up()
    log.set_up()
    program()
