"""The jobs of a run on its time axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_salesforce_bulk.plain_text import counted
from target_salesforce_bulk.reporting.report.phases import WAITING, Phase, job_segments
from target_salesforce_bulk.reporting.report.words import PHASES, duration

if TYPE_CHECKING:
    from target_salesforce_bulk.reporting.report.phases import Segment
    from target_salesforce_bulk.reporting.report.schema import JobFacts, Report

#: Jobs that a page draws: the longest.
MOST_DRAWN = 200

#: Seconds between two marks of the axis.
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_MOST_MARKS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One phase of a job; places in percent of the axis."""

    phase: Phase
    left: float
    width: float
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One job."""

    job: JobFacts
    #: The stream, or the object for a job that was given up.
    name: str
    rows: str
    bars: list[Bar]
    #: The same in words.
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """What is drawn."""

    lines: list[Line]
    #: Places in percent of the axis, with their labels.
    marks: list[tuple[float, str]]
    left_out: int

    @property
    def waits(self) -> bool:
        """Whether jobs are drawn that wait for others, or to send rows again."""
        return any(bar.phase in WAITING for line in self.lines for bar in line.bars)


def timeline(report: Report) -> Timeline:
    """The longest jobs of a run, in the order in which they began."""
    found = job_segments(report)
    jobs = [(each, found[each.id]) for each in report.jobs if found[each.id]]
    longest = sorted(jobs, key=lambda pair: pair[1][0].start - pair[1][-1].end)[:MOST_DRAWN]
    drawn = sorted(longest, key=lambda pair: pair[1][0].start)
    start = report.started_at.timestamp()
    length = max(report.seconds, 0.001)
    return Timeline(
        lines=[_line(report, job, parts, start, length) for job, parts in drawn],
        marks=[(round(100 * each / length, 3), mark(each)) for each in time_marks(length)],
        left_out=len(jobs) - len(drawn),
    )


def _line(report: Report, job: JobFacts, parts: list[Segment], start: float, length: float) -> Line:
    rows = next((each.rows for each in report.batches if each.id == job.batch), job.processed)
    spoken = ", ".join(f"{PHASES[each.phase].lower()} {duration(each.seconds)}" for each in parts)
    return Line(
        job=job,
        name=job.stream or f"{job.object} (given up)",
        rows=counted(rows, "row"),
        bars=[bar for each in parts if (bar := _bar(each, start, length)) is not None],
        text=spoken,
    )


def _bar(part: Segment, start: float, length: float) -> Bar | None:
    """The part of a phase within the run; None if it lies outside."""
    left, right = max(0.0, part.start - start), min(length, part.end - start)
    if right <= left:
        return None
    return Bar(
        phase=part.phase,
        left=round(100 * left / length, 3),
        width=round(100 * (right - left) / length, 3),
        label=f"{PHASES[part.phase]}: {duration(part.seconds)}",
    )


def time_marks(length: float) -> list[float]:
    """Round times from 0 up to at most a length, a handful of them; in seconds."""
    step = next((each for each in _STEPS if length / each <= _MOST_MARKS), length / _MOST_MARKS)
    return [number * step for number in range(int(length / step) + 1)]


def mark(seconds: float) -> str:
    """A time on the axis."""
    if not seconds:
        return "0"
    return f"{seconds:g} s" if seconds < 10 else duration(seconds)
