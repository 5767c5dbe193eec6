"""What a run did, by stream, for a person to read at its end."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.batch import Counts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import Batch
    from target_salesforce_bulk.journal.failure_store import FailureGroup
    from target_salesforce_bulk.loading.loader import BatchReport
    from target_salesforce_bulk.loading.settling.error_table import ErrorTable

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


@dataclass(kw_only=True)
class StreamSummary:
    """What became of the rows of one stream so far."""

    stream: str
    sobject: str
    read: int = 0
    merged: int = 0
    jobs: int = 0
    api_calls: int = 0
    counts: Counts = field(default_factory=Counts)
    started_at: float = 0.0
    ended_at: float = 0.0
    #: Why the stream stopped before its end; empty when it did not.
    stopped: str = ""

    @property
    def failed_percent(self) -> float:
        """Share of the rows that did not arrive among those with an outcome."""
        known = self.counts.known
        return 100.0 * self.counts.not_loaded / known if known else 0.0

    def cells(self) -> tuple[str, ...]:
        """Its line of the summary, in the order of the columns."""
        numbers = (
            self.read,
            self.counts.loaded,
            self.counts.not_loaded,
            self.counts.refused,
            self.counts.retried,
            self.merged,
            self.jobs,
            self.api_calls,
        )
        seconds = max(0.0, self.ended_at - self.started_at)
        return (*(f"{number:,}" for number in numbers), f"{seconds:.1f}")


class Summary:
    """Adds up what sinks and loader report; safe to call from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._streams: dict[str, StreamSummary] = {}

    @property
    def streams(self) -> Sequence[StreamSummary]:
        """The streams in the order of their first SCHEMA."""
        return tuple(self._streams.values())

    def stream_started(self, stream: str, sobject: str) -> StreamSummary:
        """The summary of a stream, made when it is seen for the first time."""
        with self._mutex:
            if stream not in self._streams:
                now = self._clock()
                self._streams[stream] = StreamSummary(
                    stream=stream, sobject=sobject, started_at=now, ended_at=now
                )
            return self._streams[stream]

    def batch_settled(self, report: BatchReport) -> StreamSummary:
        """Add what became of a batch; the sums of its stream."""
        with self._mutex:
            stream = self._streams[report.batch.plan.stream]
            stream.counts += report.counts
            stream.merged += report.batch.merged
            stream.jobs += report.jobs
            stream.api_calls += report.api_calls
            stream.ended_at = self._clock()
            return stream

    def rows_kept(self, batch: Batch, counts: Counts) -> None:
        """Add rows that are stored as failed because they will not be sent again."""
        with self._mutex:
            stream = self._streams.get(batch.plan.stream)
            if stream is not None:  # those of a run before come before the first stream
                stream.counts += counts

    def stream_stopped(self, stream: str, why: str) -> None:
        """Note that no further row of a stream will be loaded."""
        with self._mutex:
            self._streams[stream].stopped = why
            self._streams[stream].ended_at = self._clock()

    def table(self) -> str:
        """The streams and their numbers as an aligned table."""
        rows: list[tuple[str, ...]] = [("stream", *_COLUMNS)]
        rows += [(f"{each.stream} → {each.sobject}", *each.cells()) for each in self.streams]
        widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
        return "\n".join(_aligned(row, widths) for row in rows)

    def accounting(self) -> str:
        """How loaded rows are known to be loaded, where Salesforce did not name them one by one."""
        counted = sum(each.counts.counted for each in self.streams)
        if not counted:
            return ""
        return (
            f"{counted:,} rows are loaded by the counts of their jobs, which name none as failed "
            "(save_results: all also fetches their Ids)."
        )


def _aligned(row: tuple[str, ...], widths: list[int]) -> str:
    first, *numbers = row
    cells = [first.ljust(widths[0])]
    cells += [cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True)]
    return "  ".join(cells)


def failure_lines(
    groups: Sequence[FailureGroup], files: dict[str, Path], table: ErrorTable
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
