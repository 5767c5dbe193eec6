"""The functions behind the `failed` commands."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

from target_salesforce_bulk.errors import LoadError, SettingsError
from target_salesforce_bulk.failed.adopt import Adopter
from target_salesforce_bulk.failed.resend import resend
from target_salesforce_bulk.failed.singer_export import singer_messages
from target_salesforce_bulk.journal_access import journal_to_change, journal_to_read
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.plain_text import counted, plain_text
from target_salesforce_bulk.reporting.failed_copies import delete_copies
from target_salesforce_bulk.reporting.failed_csv import FailedCsv
from target_salesforce_bulk.salesforce.job import check_job_id, is_job_id
from target_salesforce_bulk.salesforce.objects import Objects
from target_salesforce_bulk.singer import ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from target_salesforce_bulk.journal.failure_store import Selection
    from target_salesforce_bulk.run import Run
    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.settings import Settings


def groups(settings: Settings, chosen: Selection, org: str | None = None) -> list[dict[str, Any]]:
    """Failed rows by stream and code, with a hint for each.

    Args:
        settings: The settings.
        chosen: The rows.
        org: The id of the org, if the user named it.
    """
    table = ErrorTable(settings.retryable_errors or ())
    with journal_to_read(settings, org) as journal:
        found = [] if journal is None else journal.failures.groups(chosen)
    return [
        {
            "stream": each.stream,
            "code": each.code,
            "class": str(each.failure_class),
            "rows": each.rows,
            "message": each.message,
            "hint": table.kind(each.code, each.message).hint,
            "keys": list(each.keys),
        }
        for each in found
    ]


def as_lines(found: list[dict[str, Any]]) -> list[str]:
    """Format groups as lines of text."""
    lines = [] if found else ["No failed rows."]
    for group in found:
        keys = f"  [{', '.join(group['keys'])}]" if group["keys"] else ""
        lines.append(
            f"{group['stream']}: {group['rows']:,} x {group['code']} ({group['class']}): "
            f"{group['message']}{keys}"
        )
        lines += [f"    {group['hint']}"] if group["hint"] else []
    return lines


def rows(settings: Settings, chosen: Selection, org: str | None = None) -> list[dict[str, Any]]:
    """Failed rows with everything the journal has about them; see `groups`."""
    table = ErrorTable(settings.retryable_errors or ())
    with journal_to_read(settings, org) as journal:
        found = [] if journal is None else list(journal.failures.select(chosen))
    return [asdict(row) | {"hint": table.kind(row.code, row.message).hint} for row in found]


def rows_as_lines(found: list[dict[str, Any]]) -> list[str]:
    """Format rows as lines of text, with an empty one between two rows."""
    lines: list[str] = []
    for row in found:
        lines += [
            *([""] if lines else []),
            f"Row {row['id']} of stream {row['stream']} → {row['sobject']}, {row['operation']}",
            f"  {row['code']}: {row['message']}",
            *([f"  {row['hint']}"] if row["hint"] else []),
            f"  {row['failure_class']}, attempt {row['attempt']}, {row['failed_at']}, "
            f"job {row['job_id'] or 'none: refused before sending'}",
            *(f"    {name} = {value}" for name, value in row["row"].items()),
        ]
    return lines


def discard(settings: Settings, chosen: Selection, org: str | None = None) -> dict[str, Any]:
    """Delete failed rows, and their copies in the CSVs of runs.

    Returns their number, and the CSVs. The copies go first: a command that is killed can be
    repeated. See `groups`.
    """
    with journal_to_change(settings, org) as journal:
        if journal is None:
            return {"discarded": 0, "files": []}
        files = delete_copies(journal.state_dir, journal.failures.select(chosen))
        number = journal.failures.discard(chosen)
    return {"discarded": number, "files": [str(path) for path in files]}


def discard_as_lines(result: dict[str, Any]) -> list[str]:
    """Format the result of `discard` as lines of text."""
    lines = [f"{counted(result['discarded'], 'row')} discarded"]
    if result["files"]:
        lines.append("Deleted from these files as well:")
        lines += [f"  {path}" for path in result["files"]]
    return lines


def export(
    settings: Settings, chosen: Selection, form: str, output: Path | None, org: str | None = None
) -> int:
    """Write failed rows as `csv`, `jsonl` or `singer`; returns their number. See `groups`."""
    with journal_to_read(settings, org) as journal, _writing(output) as file:
        if journal is None:
            return 0
        found = journal.failures.select(chosen)
        if form == "csv":
            headers = dict.fromkeys(
                header for row in journal.failures.select(chosen) for header in row.row
            )
            escape = settings.csv_formulas == "escape"
            lines = FailedCsv(file, ["stream"], list(headers), escape=escape, line_end="\n")
            return lines.write_all(found)
        if form == "jsonl":
            return _write_lines(file, (asdict(row) for row in found))
        return _write_lines(file, singer_messages(journal, settings, found))


@contextmanager
def _writing(output: Path | None) -> Iterator[IO[str]]:
    """Open the output: stdout, or a file that only its owner may read."""
    if output is None:
        yield sys.stdout
        sys.stdout.flush()  # a closed pipe shows here, not when Python exits
        return
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        output.chmod(0o600)
        yield file


def _write_lines(file: IO[str], documents: Iterable[dict[str, Any]]) -> int:
    number = 0
    for document in documents:
        file.write(json.dumps(document) + "\n")
        number += document.get("type") != "SCHEMA"
    return number


def retry(
    settings: Settings,
    client: Client,
    chosen: Selection,
    job_id: str | None,
    state_file: Path | None,
) -> dict[str, Any]:
    """Resend failed rows.

    Args:
        settings: The settings.
        client: The connection to the org.
        chosen: The rows to resend.
        job_id: A job whose rows are fetched from Salesforce if the journal lacks it.
        state_file: A STATE whose failed jobs are treated likewise.

    Raises:
        SettingsError: the file is no STATE of this target, or of another org.
        SalesforceBulkError: the rows cannot be sent.
    """
    from target_salesforce_bulk.run import Run

    entries = _entries(job_id, state_file, client)
    with Run.open(settings, client) as run:
        newer = _adopt(run, client, entries)
        result = resend(run, chosen, settings.max_job_bytes)
        if newer:
            result["skipped"]["their records were written later"] = newer
        try:
            run.finish()
        except LoadError as error:
            result["problem"] = str(error)
        streams = run.tally.streams
        return result | {
            "loaded": sum(each.counts.loaded for each in streams),
            "failed": sum(each.counts.not_loaded for each in streams),
        }


def _adopt(run: Run, client: Client, entries: list[dict[str, Any]]) -> int:
    """Fetch failed rows of jobs that the journal lacks; returns how many had newer values."""
    adopter = Adopter(run.journal, run.api, run.query, run.table)
    objects = Objects(client)
    for entry in entries:
        if not run.journal.knows_job(entry["job_id"]):
            job = run.api.get(entry["job_id"])
            adopter.adopt(job.id, entry.get("stream") or job.object, objects.sobject(job.object))
    return adopter.newer


def _entries(job_id: str | None, state_file: Path | None, client: Client) -> list[dict[str, Any]]:
    if job_id is not None:
        return [{"job_id": check_job_id(job_id)}]
    if state_file is None:
        return []
    part = _own_part(state_file)
    org = part.get("org")
    if org is not None and org != client.org_id:
        raise SettingsError(
            f"{state_file} is the STATE of org {plain_text(org)}, but these settings log in to "
            f"{client.org_id}."
        )
    jobs = part.get("failed_jobs")
    found = [each for each in jobs if isinstance(each, dict)] if isinstance(jobs, list) else []
    return [entry for entry in found if is_job_id(entry.get("job_id"))]


def _own_part(state_file: Path) -> dict[str, Any]:
    try:
        found = ledger.find(json.loads(state_file.read_text()))
    except (ValueError, RecursionError):
        raise SettingsError(f"{state_file} is not a STATE file: it is not JSON.") from None
    if found is None:
        raise SettingsError(
            f"{state_file} is not a STATE with failed rows: it has no bookmark {ledger.NAME}. "
            "Omit --state to resend the stored rows of this state directory."
        )
    return found


def retry_as_lines(result: dict[str, Any]) -> list[str]:
    """Format the result of a retry as lines of text."""
    lines = [
        f"{counted(result['sent'], 'row')} sent again: {result['loaded']:,} loaded, "
        f"{result['failed']:,} failed again"
    ]
    lines += [
        f"{counted(number, 'row')} not sent, {reason}"
        for reason, number in result["skipped"].items()
    ]
    lines += [result["problem"]] if "problem" in result else []
    return lines
