"""`target-salesforce-bulk check`: test a configuration without sending a row."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from target_salesforce_bulk.cli.options import config_option, read_target, target_class

if TYPE_CHECKING:
    from target_salesforce_bulk.preview.dry_run import DryRun
    from target_salesforce_bulk.target import TargetSalesforceBulk


@click.command()
@config_option
@click.option(
    "--catalog",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Singer catalog of the tap, whose selected streams are checked.",
)
@click.option(
    "--input",
    "file_input",
    type=click.File("r"),
    help="File of Singer messages to check. Nothing is sent.",
)
def check(config: Any, catalog: Path | None, file_input: IO[str] | None) -> None:
    """Log in and check the mapping of every stream, without sending a row.

    With --catalog, all properties of the tap's streams are checked. With --input, also report the
    rows that would be refused and the number of jobs and API requests. Exits with 1 if anything
    would fail.
    """
    from target_salesforce_bulk.login.method import login_method
    from target_salesforce_bulk.preview.catalog import read_catalog
    from target_salesforce_bulk.preview.check import Preflight

    target = read_target(config)

    def reader(run: DryRun) -> TargetSalesforceBulk:
        return target_class()(config=dict(target.config), open_run=lambda *_: run)

    schemas = None if catalog is None else read_catalog(catalog)
    preflight = Preflight(target.settings, target.client)
    preflight.check_org(login_method(target.settings))
    preflight.check_metrics_file()
    if schemas is not None:
        preflight.check_catalog(schemas, reader)
    if file_input is not None:
        preflight.check_input(file_input, reader)
    if schemas is None and file_input is None:
        preflight.check_streams()
    sys.exit(1 if preflight.problems else 0)
