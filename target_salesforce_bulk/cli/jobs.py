"""`target-salesforce-bulk jobs`: show and control ingest jobs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from target_salesforce_bulk.cli.options import (
    config_option,
    org_option,
    read_settings,
    read_target,
)
from target_salesforce_bulk.plain_text import counted
from target_salesforce_bulk.printing import print_lines
from target_salesforce_bulk.redaction import redacted
from target_salesforce_bulk.reporting.result_csv import make_harmless
from target_salesforce_bulk.salesforce.job import ResultKind, check_job_id


@click.group()
def jobs() -> None:
    """Work with the jobs of this state directory: list, show, resume, abort, results, forget."""


@jobs.command("list")
@config_option
@org_option
@click.option("--number", default=20, show_default=True, help="Number of batches to list.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_jobs(config: Any, org: str | None, number: int, *, as_json: bool) -> None:
    """List the newest batches and their jobs, also while a run is under way."""
    from target_salesforce_bulk.journal_access import journal_to_read

    with journal_to_read(read_settings(config), org) as journal:
        found = [] if journal is None else journal.recent_jobs(number)
        usage = None if journal is None else journal.api_usage()
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        print_lines(*(map(_line, found) if found else ["No jobs."]), *_usage_lines(usage))


def _usage_lines(usage: tuple[int, int, str] | None) -> list[str]:
    """What the org had used when a run ended: to ask it now would take a login."""
    if usage is None:
        return []
    used, allowed, at = usage
    return [
        f"{at[:19]}Z: the org had used {used:,} of {allowed:,} API requests in 24 hours; "
        f"{max(0, allowed - used):,} were left."
    ]


#: What may become of the rows of a batch, in the words of a list.
_OUTCOMES = {
    "loaded": "loaded",
    "failed": "failed",
    "unprocessed": "unprocessed",
    "uncertain": "uncertain",
    "retried": "moved to a later batch",
    "superseded": "superseded",
}


def _line(job: dict[str, Any]) -> str:
    """A batch as a line; where it has outcomes, they add up to its rows."""
    outcomes = {word: job[name] for name, word in _OUTCOMES.items() if job[name]}
    is_settled = job["loaded"] is not None
    rows = sum(outcomes.values()) if is_settled else job["rows"]
    parts = ", ".join(f"{number:,} {word}" for word, number in outcomes.items())
    what = f"{job['stream']} → {job['object']}, {job['operation']}"
    return (
        f"{job['changed_at'][:19]}Z  {job['job_id'] or 'no job':18}  batch {job['batch']}  "
        f"{job['state']:9}  {what}, {counted(rows, 'row')}{f': {parts}' if parts else ''}"
    )


@jobs.command()
@config_option
@click.argument("job_id")
def show(config: Any, job_id: str) -> None:
    """Show a job as Salesforce reports it, as JSON."""
    path = f"/jobs/ingest/{check_job_id(job_id)}"
    job = read_target(config).client.get_json(path)
    print_lines(*redacted(json.dumps(job, indent=2)).splitlines())


@jobs.command()
@config_option
def resume(config: Any) -> None:
    """Finish the jobs of an interrupted run, without reading new input."""
    from target_salesforce_bulk.run import Run

    target = read_target(config)
    with Run.open(target.settings, target.client) as run:
        run.finish_left()
    print_lines("No job is in progress.")


@jobs.command()
@config_option
@click.argument("job_id")
def abort(config: Any, job_id: str) -> None:
    """Abort a job in Salesforce. Rows that it has processed stay loaded."""
    from target_salesforce_bulk.salesforce.ingest import IngestApi

    target = read_target(config)
    target.settings.check_sends()
    job = IngestApi(target.client).abort(job_id)
    print_lines(f"Job {job.id} is {job.state}.")


@jobs.command()
@config_option
@click.argument("job_id")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder for the three files. Default: the current one.",
)
def results(config: Any, job_id: str, output: Path) -> None:
    """Download the three result files of a job. Salesforce keeps them for seven days."""
    from target_salesforce_bulk.salesforce.ingest import IngestApi

    check_job_id(job_id)  # it becomes a part of file names
    target = read_target(config)
    api = IngestApi(target.client)
    output.mkdir(parents=True, exist_ok=True, mode=0o700)
    for kind in ResultKind:
        path = output / f"{job_id}-{kind}.csv"
        api.download(job_id, kind, path)
        make_harmless(path, escape=target.settings.csv_formulas == "escape")
        print_lines(str(path))


@jobs.command()
@config_option
@org_option
@click.argument("stream")
def forget(config: Any, org: str | None, stream: str) -> None:
    """Forget which rows of a stream an interrupted run has loaded.

    If the tap sends them again, they are inserted a second time.
    """
    from target_salesforce_bulk.journal_access import journal_to_change

    with journal_to_change(read_settings(config), org) as journal:
        number = 0 if journal is None else journal.recognised.forget_stream(stream)
    print_lines(f"{counted(number, 'row')} of stream {stream} forgotten.")
