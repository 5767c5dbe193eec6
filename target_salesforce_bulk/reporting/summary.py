"""The summary of a run as text, by stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.plain_text import counted, plain_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from target_salesforce_bulk.journal.failure_store import FailureGroup
    from target_salesforce_bulk.loading.settling.error_table import ErrorTable
    from target_salesforce_bulk.loading.tally import StreamTally
    from target_salesforce_bulk.salesforce.limits import ApiUsage
    from target_salesforce_bulk.salesforce.meter import Traffic

_COLUMNS = (
    "read",
    "loaded",
    "failed",
    "refused",
    "retried",
    "merged",
    "jobs",
    "API calls",
    "seconds",
)


def table(streams: Sequence[StreamTally]) -> list[str]:
    """A table of the streams and their numbers, as lines."""
    rows: list[tuple[str, ...]] = [("stream", *_COLUMNS)]
    rows += [(plain_text(f"{each.stream} → {each.sobject}"), *_cells(each)) for each in streams]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [_aligned(row, widths) for row in rows]


def _cells(stream: StreamTally) -> tuple[str, ...]:
    numbers = (
        stream.read,
        stream.counts.loaded,
        stream.counts.not_loaded,
        stream.counts.refused,
        stream.counts.retried,
        stream.merged + stream.counts.superseded,
        stream.jobs,
        stream.api_calls,
    )
    return (*(f"{number:,}" for number in numbers), f"{stream.seconds:.1f}")


def _aligned(row: tuple[str, ...], widths: list[int]) -> str:
    first, *numbers = row
    cells = [first.ljust(widths[0])]
    cells += [cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True)]
    return "  ".join(cells)


def accounting(streams: Sequence[StreamTally]) -> str:
    """A line about rows known to be loaded by job counts alone; empty if there are none."""
    number = sum(each.counts.counted for each in streams)
    if not number:
        return ""
    return (
        f"{counted(number, 'row')} counted as loaded because their jobs report no failed rows "
        "(save_results: all also fetches their Ids)."
    )


def cost_lines(traffic: Traffic, usage: ApiUsage | None) -> list[str]:
    """Lines about retries, renewed sessions and the org's allowance; none for what did not occur.

    Args:
        traffic: What the run has sent.
        usage: How much of the org's API requests is used; None where that is unknown.
    """
    lines: list[str] = []
    if traffic.retries:
        lines.append(
            f"Retried requests: {traffic.retries:,}, after waiting {traffic.wait_seconds:.1f} "
            "seconds in all."
        )
    if traffic.refreshes:
        lines.append(
            f"The session expired {counted(traffic.refreshes, 'time')} and was renewed "
            f"{counted(traffic.refreshed, 'time')}."
        )
    if usage is not None:
        lines.append(
            f"The org has used {usage.used:,} of {usage.allowed:,} API requests in 24 hours; "
            f"{usage.left:,} are left."
        )
    return lines


def failure_lines(
    groups: Sequence[FailureGroup], files: Mapping[str, Path], table: ErrorTable
) -> list[str]:
    """Lines that tell, by stream, what failed, why, and which file has the rows."""
    lines: list[str] = []
    for stream, path in files.items():
        lines.append(f"Failed rows of {stream}: {path}")
        for group in groups:
            if group.stream == stream:
                keys = f"  [{', '.join(group.keys)}]" if group.keys else ""
                lines.append(f"  {group.rows:,} x {group.code}: {group.message}{keys}")
                hint = table.kind(group.code, group.message).hint
                lines += [f"      {hint}"] if hint else []
    return lines
