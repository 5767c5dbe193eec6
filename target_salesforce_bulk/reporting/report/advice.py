"""Advice drawn from the facts of a run: each with the facts that it rests on, or none at all."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from target_salesforce_bulk.plain_text import counted
from target_salesforce_bulk.reporting.report.phases import Phase
from target_salesforce_bulk.reporting.report.words import duration, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from target_salesforce_bulk.reporting.report.schema import BatchFacts, Report

#: A share of less time than this is not worth a change.
_LEAST_SECONDS = 5.0
#: Salesforce processes the rows of a job in chunks of this size.
#: https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide/salesforce-app-limits-platform-bulkapi.html
CHUNK_ROWS = 10_000
#: Jobs of a stream from which on their size says something.
_MANY_JOBS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """One thing to know or to do."""

    #: What the facts say, in one sentence.
    finding: str
    #: What to do about it.
    action: str
    #: The numbers behind it.
    facts: tuple[str, ...]


def advice(report: Report, shares: Mapping[Phase, float]) -> list[Advice]:
    """What a run teaches; what concerns rows comes before what concerns time."""
    about_rows = [each for rule in _ABOUT_ROWS for each in rule(report)]
    about_time = [each for rule in _ABOUT_TIME for each in rule(report, shares)]
    return about_rows + about_time


def _stopped(report: Report) -> Iterator[Advice]:
    for each in report.streams:
        if each.stopped:
            yield Advice(
                finding=f"Stream {each.stream} was stopped.",
                action="Deal with the reason, and run again: its rows will be read again.",
                facts=(each.stopped,),
            )


def _uncertain(report: Report) -> Iterator[Advice]:
    streams = [each for each in report.streams if each.rows.uncertain]
    if streams:
        total = sum(each.rows.uncertain for each in streams)
        yield Advice(
            finding=f"The outcome of {counted(total, 'row')} is uncertain.",
            action="Look them up in Salesforce before sending them again: they may be there.",
            facts=tuple(f"{each.stream}: {each.rows.uncertain:,} rows" for each in streams),
        )


def _one_cause(report: Report) -> Iterator[Advice]:
    failed = sum(each.rows for each in report.errors)
    by_code: Counter[str] = Counter()
    for each in report.errors:
        by_code[each.code] += each.rows
    if not failed:
        return
    code, rows = by_code.most_common(1)[0]
    if rows >= 10 and rows >= 0.5 * failed:
        first = next(each for each in report.errors if each.code == code)
        yield Advice(
            finding=f"{percent(rows, failed)} of the failed rows have one cause: {code}.",
            action=first.hint or "Its message says what Salesforce refuses.",
            facts=(f"{rows:,} of {failed:,} failed rows", f"{first.stream}: {first.message}"),
        )


def _left_open(report: Report) -> Iterator[Advice]:
    left = [each for each in report.batches if each.state != "settled"]
    if left:
        rows = sum(each.rows for each in left)
        closed = sum(each.state in {"closing", "submitted", "ended"} for each in left)
        yield Advice(
            finding=f"{counted(rows, 'row')} in {_batches(len(left))} had no outcome yet.",
            action="Run again, or run `target-salesforce-bulk jobs resume`: none is sent twice.",
            facts=(f"{counted(closed, 'job')} closed, with results still to be read",),
        )


def _batches(number: int) -> str:
    return f"{number:,} batch{'' if number == 1 else 'es'}"


def _given_up(report: Report) -> Iterator[Advice]:
    again = [each for each in report.batches if each.jobs_made > 1]
    if again:
        jobs = sum(each.jobs_made - 1 for each in again)
        yield Advice(
            finding=f"{counted(jobs, 'job')} failed on the way and had to be made anew.",
            action="Check the network to Salesforce, and proxies on the way, if this recurs.",
            facts=tuple(f"batch {each.id}: {each.jobs_made} jobs" for each in again[:5]),
        )


def _apex(report: Report, shares: Mapping[Phase, float]) -> Iterator[Advice]:
    by_object: defaultdict[str, float] = defaultdict(float)
    for each in report.jobs:
        by_object[each.object] += each.apex_ms / 1000
    if _matters(Phase.APEX, shares, 0.25):
        most = max(by_object, key=by_object.__getitem__)
        yield Advice(
            finding=f"{_share(Phase.APEX, shares)} of the time is Apex: triggers and flows on "
            f"{most} cost {duration(by_object[most])} of this run.",
            action=f"Make the triggers and flows on {most} cheaper, or let the integration user "
            "bypass those that a bulk load does not need.",
            facts=tuple(
                f"{name}: {duration(seconds)} of apexProcessingTime"
                for name, seconds in sorted(by_object.items(), key=lambda pair: -pair[1])[:5]
                if seconds
            ),
        )


def _tap(report: Report, shares: Mapping[Phase, float]) -> Iterator[Advice]:
    if _matters(Phase.TAP, shares, 0.5):
        yield Advice(
            finding=f"{_share(Phase.TAP, shares)} of the time went by waiting for the tap.",
            action="Make the tap faster; no setting of the target would shorten this run by much.",
            facts=(
                f"{duration(shares[Phase.TAP])} without a row and without a job under way",
                f"{duration(report.reading.cpu_seconds)} of CPU time for reading",
            ),
        )


def _queue(report: Report, shares: Mapping[Phase, float]) -> Iterator[Advice]:
    if _matters(Phase.QUEUE, shares, 0.3):
        yield Advice(
            finding=f"{_share(Phase.QUEUE, shares)} of the time jobs waited in Salesforce's queue.",
            action="Load when the org is less busy, and in fewer, larger jobs.",
            facts=(f"{duration(shares[Phase.QUEUE])} in {counted(len(report.jobs), 'job')}",),
        )


def _polling(report: Report, shares: Mapping[Phase, float]) -> Iterator[Advice]:
    if _matters(Phase.POLLING, shares, 0.15):
        polls = sum(each.polls for each in report.jobs)
        yield Advice(
            finding=f"{_share(Phase.POLLING, shares)} of the time jobs had ended unnoticed.",
            action="Lower poll_max_interval_seconds: jobs are asked more often, at one API request "
            "each.",
            facts=(
                f"{duration(shares[Phase.POLLING])} between the end of jobs and the poll after it",
                f"{polls:,} polls of {counted(len(report.jobs), 'job')}",
            ),
        )


def _upload(report: Report, shares: Mapping[Phase, float]) -> Iterator[Advice]:
    if _matters(Phase.UPLOAD, shares, 0.3) and not report.settings.get("compress_uploads"):
        size = sum(each.bytes for each in report.batches)
        yield Advice(
            finding=f"{_share(Phase.UPLOAD, shares)} of the time went by uploading.",
            action="Try compress_uploads: true, or run closer to Salesforce's servers.",
            facts=(f"{size:,} bytes in {duration(shares[Phase.UPLOAD])}",),
        )


def _waits(report: Report, shares: Mapping[Phase, float]) -> Iterator[Advice]:
    waited, total = report.api.wait_seconds, sum(shares.values())
    if waited >= _LEAST_SECONDS and waited >= 0.05 * total:
        yield Advice(
            finding=f"Requests that were refused waited {duration(waited)} to be sent again.",
            action="Check whether other clients use up what Salesforce allows at once; "
            "max_concurrent_jobs limits this one.",
            facts=(f"{report.api.retries:,} of {report.api.calls:,} requests were repeats",),
        )


def _small_jobs(report: Report, _: Mapping[Phase, float]) -> Iterator[Advice]:
    by_stream: defaultdict[str, list[BatchFacts]] = defaultdict(list)
    for each in report.batches:
        if each.job and each.parent is None:
            by_stream[each.stream].append(each)
    for stream, batches in by_stream.items():
        size = median(each.rows for each in batches)
        if len(batches) >= _MANY_JOBS and size < CHUNK_ROWS / 10:
            yield Advice(
                finding=f"Stream {stream} was loaded in {len(batches):,} small jobs.",
                action="Larger jobs cost less time and fewer API requests for a row: raise "
                f"{_what_limits(report)}.",
                facts=(
                    f"half of the jobs had {size:,.0f} rows or fewer",
                    f"Salesforce processes {CHUNK_ROWS:,} rows as one chunk",
                ),
            )


def _what_limits(report: Report) -> str:
    name = "batch_size_rows"
    streams = report.settings.get("streams") or {}
    limited = name in report.settings or any(name in each for each in streams.values())
    return name if limited else "max_batch_age_seconds, or let the tap send more rows at a time"


def _allowance(report: Report, _: Mapping[Phase, float]) -> Iterator[Advice]:
    used, allowed = report.api.used, report.api.allowed
    if used is not None and allowed and used >= 0.8 * allowed:
        yield Advice(
            finding=f"The org has used {percent(used, allowed)} of its API requests of 24 hours.",
            action="Load larger batches less often, or ask Salesforce for more requests. "
            "api_usage_limit_percent decides when a run starts no further job.",
            facts=(
                f"{used:,} of {allowed:,} by all clients",
                f"{report.api.calls:,} of them by this run",
            ),
        )


def _matters(phase: Phase, shares: Mapping[Phase, float], share: float) -> bool:
    seconds = shares.get(phase, 0.0)
    return seconds >= _LEAST_SECONDS and seconds >= share * sum(shares.values())


def _share(phase: Phase, shares: Mapping[Phase, float]) -> str:
    return percent(shares[phase], sum(shares.values()))


_ABOUT_ROWS: tuple[Callable[[Report], Iterator[Advice]], ...] = (
    _stopped,
    _uncertain,
    _one_cause,
    _left_open,
    _given_up,
)
_ABOUT_TIME: tuple[Callable[[Report, Mapping[Phase, float]], Iterator[Advice]], ...] = (
    _apex,
    _tap,
    _queue,
    _polling,
    _upload,
    _waits,
    _small_jobs,
    _allowance,
)
