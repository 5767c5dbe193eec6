"""`target-salesforce-bulk report`: the page of a run, the list of reports, and what changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from target_salesforce_bulk.cli.options import (
    config_option,
    number_option,
    org_option,
    read_settings,
)
from target_salesforce_bulk.printing import print_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_salesforce_bulk.reporting.report.diff import Change

_PAGE = "page"


class _PageUnlessNamed(click.Group):
    """A group whose first word may be a run: then the page of it is meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert the name of the command that makes the page."""
        if not args or args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [_PAGE, *args]
        return super().parse_args(ctx, args)


@click.group(
    "report",
    cls=_PageUnlessNamed,
    subcommand_metavar="[RUN] [OPTIONS] | list | diff A B",
    epilog="RUN is the ID of a run, the beginning of one, or latest.",
)
def report_group() -> None:
    """Show what a run did and where its time went, as one HTML page; list and compare runs."""


def _org_folder(config: Any, org: str | None) -> Path:
    """The folder with the reports.

    Raises:
        SettingsError: it is not clear which org is meant, or no run has left anything.
    """
    from target_salesforce_bulk.errors import SettingsError
    from target_salesforce_bulk.state_directory import StateDirectory

    settings = read_settings(config)
    directory = StateDirectory(settings.state_dir, settings.login)
    folder = directory.find(org, to_change=False)
    if folder is None:
        raise SettingsError(f"No run has left anything in the state directory {directory.path}.")
    return folder


@report_group.command(_PAGE)
@config_option
@org_option
@click.argument("run", default="latest")
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write. Default: next to the run's facts, in the state directory.",
)
def page(config: Any, org: str | None, run: str, *, opens: bool, output: Path | None) -> None:
    """Write the page of a run; this is what `report` does if it is given no other command."""
    from target_salesforce_bulk.private_files import rewrite
    from target_salesforce_bulk.reporting.report.files import find_report, read_report
    from target_salesforce_bulk.reporting.report.page import render
    from target_salesforce_bulk.reporting.report.words import headline

    path = find_report(_org_folder(config, org), run)
    report = read_report(path)
    target = output or path.with_suffix(".html")
    with rewrite(target) as file:
        file.write(render(report).encode())
    print_lines(headline(report), str(target))
    if opens:
        click.launch(target.absolute().as_uri())


@report_group.command("list")
@config_option
@org_option
@number_option
def list_reports(config: Any, org: str | None, number: int) -> None:
    """List the newest reports."""
    from target_salesforce_bulk.reporting.history import history_table, reported

    entries = reported(_org_folder(config, org), number)
    print_lines(*(history_table(entries) if entries else ["No reports."]))


@report_group.command()
@config_option
@org_option
@click.argument("a")
@click.argument("b", default="latest")
def diff(config: Any, org: str | None, a: str, b: str) -> None:
    """Show what changed from run A to run B: time, rows, errors, cost and settings."""
    from target_salesforce_bulk.reporting.report.diff import compare
    from target_salesforce_bulk.reporting.report.files import find_report, read_report

    folder = _org_folder(config, org)
    before, after = (read_report(find_report(folder, each)) for each in (a, b))
    print_lines(*_table(before.run, after.run, compare(before, after)))


def _table(before: str, after: str, changes: Sequence[Change]) -> list[str]:
    from target_salesforce_bulk.reporting.history import aligned

    rows = [(each.about, each.what, each.before, each.after, "*" if each.changed else "")
            for each in changes]  # fmt: skip
    return aligned([("", "what", before, after, "changed"), *rows], texts={"", "what"})
