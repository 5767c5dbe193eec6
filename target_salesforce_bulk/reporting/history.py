"""The last runs, one line each: what the journal notes of a run, and the rest from its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.reporting.report.files import read_report, report_files
from target_salesforce_bulk.reporting.report.words import VERDICTS, duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_COLUMNS = ("run", "started", "took", "read", "loaded", "failed", "jobs", "API calls", "outcome")
#: What is left-aligned.
_TEXTS = {"run", "started", "outcome"}


def history(runs: Sequence[Mapping[str, Any]], org_folder: Path) -> list[dict[str, Any]]:
    """The facts of runs, the newest first; null is what nothing is known of.

    Args:
        runs: What the journal has of them.
        org_folder: Where the reports are.

    Raises:
        StateDirectoryError: the reports cannot be looked at.
    """
    files = {each.stem: each for each in report_files(org_folder)}
    return [_entry(run, files.get(run["id"])) for run in runs]


def reported(org_folder: Path, number: int) -> list[dict[str, Any]]:
    """The same facts of the newest reports, without a journal.

    Raises:
        StateDirectoryError: the reports cannot be looked at.
    """
    newest = reversed(report_files(org_folder)[-number:])
    return [facts for each in newest if (facts := _reported(each))]


def _entry(run: Mapping[str, Any], file: Path | None) -> dict[str, Any]:
    facts = {
        "run": run["id"],
        "started_at": run["started_at"],
        "seconds": run["seconds"],
        "read": None,
        "loaded": run["loaded"],
        "not_loaded": run["not_loaded"],
        "jobs": run["jobs"],
        "api_calls": None,
        "verdict": None if run["left_at"] else "killed",
        "report": None,
    }
    return facts if file is None else facts | _reported(file)


def _reported(file: Path) -> dict[str, Any]:
    """What a report file says; nothing if it cannot be read."""
    try:
        report = read_report(file)
    except StateDirectoryError:
        return {}
    return {
        "run": report.run,
        "started_at": report.started_at.isoformat(timespec="milliseconds"),
        "seconds": report.seconds,
        "read": sum(each.read for each in report.streams),
        "loaded": report.loaded,
        "not_loaded": report.not_loaded,
        "jobs": len(report.jobs) + report.jobs_left_out,
        "api_calls": report.api.calls,
        "verdict": report.verdict,
        "report": str(file),
    }


def history_table(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """The runs as a table for a terminal."""
    return aligned([_COLUMNS, *map(_cells, entries)], texts=_TEXTS)


def _cells(entry: Mapping[str, Any]) -> tuple[str, ...]:
    numbers = (entry[name] for name in ("read", "loaded", "not_loaded", "jobs", "api_calls"))
    verdict = entry["verdict"]
    return (
        entry["run"],
        f"{entry['started_at'][:19]}Z",
        "-" if entry["seconds"] is None else duration(entry["seconds"]),
        *("-" if each is None else f"{each:,}" for each in numbers),
        VERDICTS.get(verdict, "Killed, or under way" if verdict == "killed" else "-"),
    )


def aligned(rows: Sequence[Sequence[str]], *, texts: set[str]) -> list[str]:
    """Rows as lines with aligned columns; those named in the first row as texts to the left."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    left = [name in texts for name in rows[0]]
    return [
        "  ".join(
            cell.ljust(width) if to_left else cell.rjust(width)
            for cell, width, to_left in zip(row, widths, left, strict=True)
        ).rstrip()
        for row in rows
    ]
