"""What a run did, by stream, as text for a person to read at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from target_salesforce_bulk.journal.failure_store import FailureGroup
    from target_salesforce_bulk.loading.settling.error_table import ErrorTable
    from target_salesforce_bulk.loading.tally import StreamTally

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


def table(streams: Sequence[StreamTally]) -> str:
    """The streams and their numbers, aligned."""
    rows: list[tuple[str, ...]] = [("stream", *_COLUMNS)]
    rows += [(f"{each.stream} → {each.sobject}", *_cells(each)) for each in streams]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(_aligned(row, widths) for row in rows)


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
    """How rows are known to be loaded that Salesforce did not name one by one; else empty."""
    counted = sum(each.counts.counted for each in streams)
    if not counted:
        return ""
    return (
        f"{counted:,} rows are loaded by the counts of their jobs, which name none as failed "
        "(save_results: all also fetches their Ids)."
    )


def failure_lines(
    groups: Sequence[FailureGroup], files: Mapping[str, Path], table: ErrorTable
) -> list[str]:
    """What failed and why, by stream, and where the rows are."""
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
