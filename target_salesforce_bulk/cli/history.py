"""`target-salesforce-bulk history`."""

from __future__ import annotations

import json
from typing import Any

import click

from target_salesforce_bulk.cli.options import (
    config_option,
    number_option,
    org_option,
    read_settings,
)
from target_salesforce_bulk.printing import print_lines


@click.command("history")
@config_option
@org_option
@number_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def history_command(config: Any, org: str | None, number: int, *, as_json: bool) -> None:
    """List the last runs: when, how long, rows, failures and API calls."""
    from target_salesforce_bulk.journal_access import journal_to_read
    from target_salesforce_bulk.reporting.history import history, history_table

    with journal_to_read(read_settings(config), org) as journal:
        entries = [] if journal is None else history(journal.recent_runs(number), journal.state_dir)
    if as_json:
        click.echo(json.dumps(entries, indent=2))
    else:
        print_lines(*(history_table(entries) if entries else ["No runs."]))
