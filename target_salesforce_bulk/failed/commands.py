"""The functions behind the `failed` commands."""

from __future__ import annotations

import csv
import json
import os
import sys
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

from target_salesforce_bulk.errors import LoadError, SettingsError
from target_salesforce_bulk.failed.adopt import Adopter
from target_salesforce_bulk.failed.resend import resend
from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.reporting.failed_csv import EXPORT_COLUMNS, export_cells
from target_salesforce_bulk.run import Run
from target_salesforce_bulk.salesforce.objects import Objects
from target_salesforce_bulk.singer import ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from target_salesforce_bulk.journal.failed_rows import StoredFailedRow
    from target_salesforce_bulk.journal.failure_store import Selection
    from target_salesforce_bulk.journal.port import Journal
    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.settings import Settings

#: The cell that clears a field.
_CLEAR = "#N/A"


def groups(settings: Settings, chosen: Selection) -> list[dict[str, Any]]:
    """Failed rows by stream and code, with a hint for each."""
    table = ErrorTable(settings.retryable_errors or ())
    with SqliteJournal(settings.state_dir) as journal:
        found = journal.failures.groups(chosen)
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


def rows(settings: Settings, chosen: Selection) -> list[dict[str, Any]]:
    """Failed rows with everything the journal has about them."""
    table = ErrorTable(settings.retryable_errors or ())
    with SqliteJournal(settings.state_dir) as journal:
        found = list(journal.failures.select(chosen))
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


def discard(settings: Settings, chosen: Selection) -> int:
    """Delete failed rows; returns their number."""
    with SqliteJournal(settings.state_dir) as journal:
        return journal.failures.discard(chosen)


def export(settings: Settings, chosen: Selection, form: str, output: Path | None) -> int:
    """Write failed rows as `csv`, `jsonl` or `singer`; returns their number."""
    with SqliteJournal(settings.state_dir) as journal, _writing(output) as file:
        found = journal.failures.select(chosen)
        if form == "csv":
            headers = dict.fromkeys(
                header for row in journal.failures.select(chosen) for header in row.row
            )
            return _write_csv(file, found, list(headers))
        if form == "jsonl":
            return _write_lines(file, (asdict(row) for row in found))
        return _write_lines(file, _singer(journal, found))


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


def _write_csv(file: IO[str], found: Iterable[StoredFailedRow], headers: list[str]) -> int:
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["stream", *EXPORT_COLUMNS, *headers])
    number = 0
    for row in found:
        cells = (row.row.get(name, "") for name in headers)
        writer.writerow([row.stream, *export_cells(row), *cells])
        number += 1
    return number


def _write_lines(file: IO[str], documents: Iterable[dict[str, Any]]) -> int:
    number = 0
    for document in documents:
        file.write(json.dumps(document) + "\n")
        number += document.get("type") != "SCHEMA"
    return number


def _singer(journal: Journal, found: Iterable[StoredFailedRow]) -> Iterator[dict[str, Any]]:
    """Singer messages with Salesforce field names as properties; empty cells are left out."""
    announced: dict[str, Any] = {}
    for row in found:
        plan = journal.plan_of(row)
        name = plan.label or plan.key
        properties = {header: {"type": ["string", "null"]} for header in row.row}
        if announced.get(row.stream) != properties:
            announced[row.stream] = properties
            yield {
                "type": "SCHEMA",
                "stream": row.stream,
                "schema": {"type": "object", "properties": properties},
                "key_properties": [name] if name in properties else [],
            }
        cells = {n: None if cell == _CLEAR else cell for n, cell in row.row.items() if cell != ""}
        yield {"type": "RECORD", "stream": row.stream, "record": cells}


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
        SettingsError: the file is not JSON.
        SalesforceBulkError: the rows cannot be sent.
    """
    with Run.open(settings, client) as run:
        newer = _adopt(run, client, _entries(job_id, state_file))
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


def _entries(job_id: str | None, state_file: Path | None) -> list[dict[str, Any]]:
    if job_id is not None:
        return [{"job_id": job_id}]
    if state_file is None:
        return []
    try:
        found = ledger.find(json.loads(state_file.read_text()))
    except ValueError:
        raise SettingsError(f"{state_file} is not a STATE file: it is not JSON.") from None
    jobs = (found or {}).get("failed_jobs") or []
    return [entry for entry in jobs if entry.get("job_id")]


def retry_as_lines(result: dict[str, Any]) -> list[str]:
    """Format the result of a retry as lines of text."""
    lines = [
        f"{result['sent']:,} rows sent again: {result['loaded']:,} loaded, "
        f"{result['failed']:,} failed again"
    ]
    lines += [f"{number:,} rows not sent, {reason}" for reason, number in result["skipped"].items()]
    lines += [result["problem"]] if "problem" in result else []
    return lines
