"""Words and numbers of a report as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.plain_text import counted
from target_salesforce_bulk.reporting.report.phases import Phase

if TYPE_CHECKING:
    from target_salesforce_bulk.reporting.report.schema import Report

PHASES = {
    Phase.TAP: "Waiting for the tap",
    Phase.TARGET: "This program",
    Phase.UPLOAD: "Upload",
    Phase.TURN: "Waiting for its turn",
    Phase.RESEND: "Waiting to resend rows",
    Phase.QUEUE: "Queued at Salesforce",
    Phase.SALESFORCE: "Salesforce",
    Phase.APEX: "Apex: triggers and flows",
    Phase.POLLING: "Ended, not yet polled",
    Phase.RESULTS: "Reading results",
}

VERDICTS = {
    "succeeded": "Succeeded",
    "attention": "Needs attention",
    "stopped": "Stopped by an error",
    "interrupted": "Interrupted",
}

_MINUTE, _HOUR = 60, 3600


def duration(seconds: float) -> str:
    """A length of time to two units: `0.4 s`, `41 min 3 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _two(whole // _MINUTE, "min", whole % _MINUTE, "s")
    minutes = round(whole / _MINUTE)
    return _two(minutes // _MINUTE, "h", minutes % _MINUTE, "min")


def _two(first: int, unit: str, second: int, smaller: str) -> str:
    return f"{first} {unit} {second} {smaller}" if second else f"{first} {unit}"


def percent(part: float, whole: float) -> str:
    """A share; one that is small but not nothing is not shown as nothing."""
    share = 100 * part / whole if whole else 0.0
    if 0 < share < 1:
        return "< 1 %"
    return "> 99 %" if 99 <= share < 99.95 else f"{share:.0f} %"


def rate(rows: int, seconds: float) -> str:
    """Rows a second; slow ones with a decimal."""
    found = rows / seconds if seconds else 0.0
    return f"{found:.1f}" if 0 < found < 10 else f"{found:,.0f}"


def headline(report: Report) -> str:
    """What became of a run, in one sentence."""
    took = duration(report.seconds)
    known = report.loaded + report.not_loaded
    if report.verdict == "interrupted":
        return f"Interrupted after {took}: {_so_far(report)}. The next run continues."
    if report.verdict == "stopped":
        return f"Stopped by an error after {took}: {_so_far(report)}."
    if not known:
        return f"Nothing to load: {_read(report)} in {took}."
    if not report.not_loaded:
        return f"{'All' if known > 1 else 'The only'} {_rows(known)} loaded in {took}."
    failed = f"{report.not_loaded:,} failed"
    within = ", within the thresholds" if report.verdict == "succeeded" else ""
    return f"{report.loaded:,} of {_rows(known)} loaded in {took}; {failed}{within}."


def _rows(number: int) -> str:
    return f"{number:,} rows were" if number != 1 else "row was"


def _read(report: Report) -> str:
    read = sum(each.read for each in report.streams)
    return f"{counted(read, 'record')} read" if read else "no records were read"


def _so_far(report: Report) -> str:
    failed = f", {report.not_loaded:,} failed" if report.not_loaded else ""
    return f"{counted(report.loaded, 'row')} loaded{failed}"
