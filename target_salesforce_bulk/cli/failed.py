"""`target-salesforce-bulk failed`: show, export, resend and discard failed rows."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from target_salesforce_bulk.cli.options import (
    config_option,
    org_option,
    read_settings,
    read_target,
)
from target_salesforce_bulk.cli.times import UTC_TIME
from target_salesforce_bulk.journal.failed_rows import FailureClass
from target_salesforce_bulk.plain_text import counted, plain_text
from target_salesforce_bulk.printing import print_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.journal.failure_store import Selection


@click.group()
def failed() -> None:
    """Work with failed rows: list, show, export, retry, discard."""


def _filters(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--since",
            type=UTC_TIME,
            help="Only rows that failed at or after this time (UTC unless it names another zone), "
            "such as 2026-11-24 or 2026-11-24T08:30.",
        ),
        click.option(
            "--class",
            "failure_class",
            type=click.Choice([str(each) for each in FailureClass]),
            help="Only rows of this failure class.",
        ),
        click.option("--code", help="Only rows with this Salesforce status code."),
        click.option("--stream", help="Only rows of this stream."),
    ):
        command = option(command)
    return command


def _json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def _selection(given: dict[str, Any], **more: Any) -> Selection:
    from target_salesforce_bulk.journal.failure_store import Selection

    names = ("stream", "code", "failure_class", "since")
    return Selection(**{name: given[name] for name in names}, **more)


def _print(found: Any, *, as_json: bool, indent: int | None = None) -> None:
    if as_json:
        click.echo(json.dumps(found, indent=indent))
    else:
        print_lines(*found)


@failed.command("list")
@config_option
@org_option
@_filters
@_json_option
def list_failed(config: Any, org: str | None, *, as_json: bool, **given: Any) -> None:
    """List failed rows by stream and code. Exits with 1 if there are any."""
    from target_salesforce_bulk.failed import commands

    groups = commands.groups(read_settings(config), _selection(given), org)
    _print(groups if as_json else commands.as_lines(groups), as_json=as_json, indent=2)
    sys.exit(1 if groups else 0)


@failed.command()
@config_option
@org_option
@click.argument("name")
@click.option("--by", type=click.Choice(["key", "number"]), help="What NAME is. Default: either.")
@_json_option
def show(config: Any, org: str | None, name: str, *, by: str | None, as_json: bool) -> None:
    """Show a failed row and its values, by its key or number."""
    from target_salesforce_bulk.failed import commands
    from target_salesforce_bulk.journal.failure_store import Selection

    rows = commands.rows(read_settings(config), Selection(name=name), org)
    rows = [row for row in rows if by is None or name == str(row["id" if by == "number" else by])]
    if not rows:
        raise click.ClickException(
            f"No failed row has the {by or 'key or number'} {plain_text(name)}."
        )
    if by is None and len({name == str(row["id"]) for row in rows}) > 1:
        raise click.ClickException(
            f"{plain_text(name)} is the number of one failed row and the key of another. Choose "
            "with --by number or --by key."
        )
    _print(rows if as_json else commands.rows_as_lines(rows), as_json=as_json, indent=2)


@failed.command()
@config_option
@org_option
@_filters
@click.option("--format", "form", type=click.Choice(["csv", "jsonl", "singer"]), default="csv")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write. Default: stdout.",
)
def export(config: Any, org: str | None, form: str, output: Path | None, **given: Any) -> None:
    """Export failed rows with their values."""
    from target_salesforce_bulk.failed import commands

    number = commands.export(read_settings(config), _selection(given), form, output, org)
    print_lines(counted(number, "row"), err=True)


@failed.command()
@config_option
@_filters
@click.option(
    "--job",
    "job_id",
    help="Only rows of this job, fetched from Salesforce if the journal lacks them.",
)
@click.option(
    "--state",
    "state_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Saved STATE; the rows of its failed jobs are fetched if the journal lacks them.",
)
@_json_option
def retry(
    config: Any, job_id: str | None, state_file: Path | None, *, as_json: bool, **given: Any
) -> None:
    """Resend failed rows. Exits with 1 if any of them fails again, or its stream is stopped."""
    from target_salesforce_bulk.failed import commands

    target = read_target(config)
    chosen = _selection(given, job_id=job_id)
    result = commands.retry(target.settings, target.client, chosen, job_id, state_file)
    _print(result if as_json else commands.retry_as_lines(result), as_json=as_json)
    sys.exit(1 if result["failed"] or "problem" in result else 0)


@failed.command()
@config_option
@org_option
@_filters
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Discard all failed rows; required if no filter is given.",
)
@_json_option
def discard(config: Any, org: str | None, *, everything: bool, as_json: bool, **given: Any) -> None:
    """Delete failed rows from the journal for good."""
    from target_salesforce_bulk.failed import commands

    if not everything and not any(given.values()):
        raise click.UsageError("Give a filter, or --all to discard every failed row.")
    result = commands.discard(read_settings(config), _selection(given), org)
    _print(result if as_json else commands.discard_as_lines(result), as_json=as_json)
