"""What changed from one run to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.reporting.report.charts import OUTCOMES, outcome_numbers
from target_salesforce_bulk.reporting.report.phases import Phase, shares
from target_salesforce_bulk.reporting.report.words import PHASES, duration, percent

if TYPE_CHECKING:
    from target_salesforce_bulk.reporting.report.schema import Report


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One fact of two runs."""

    #: `time`, `rows`, `errors`, `cost` or `settings`.
    about: str
    what: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether the runs differ in it."""
        return self.before != self.after


def compare(before: Report, after: Report) -> list[Change]:
    """The facts of two runs side by side: all of time, rows and cost; errors that either has."""
    return [
        *_time(before, after),
        *_rows(before, after),
        *_errors(before, after),
        *_cost(before, after),
        *_settings(before, after),
    ]


def _time(before: Report, after: Report) -> list[Change]:
    first, second = shares(before), shares(after)
    whole = Change(
        about="time",
        what="Duration",
        before=duration(before.seconds),
        after=duration(after.seconds),
    )
    parts = [
        Change(
            about="time",
            what=PHASES[phase],
            before=_part(first.get(phase, 0.0), before.seconds),
            after=_part(second.get(phase, 0.0), after.seconds),
        )
        for phase in Phase
        if phase in first or phase in second
    ]
    return [whole, *parts]


def _part(seconds: float, whole: float) -> str:
    return f"{duration(seconds)} ({percent(seconds, whole)})"


def _rows(before: Report, after: Report) -> list[Change]:
    totals = [(sum(each.read for each in report.streams), *_outcomes(report)) for report in
              (before, after)]  # fmt: skip
    names = ("read", *OUTCOMES)
    return [
        Change(about="rows", what=name.capitalize(), before=f"{first:,}", after=f"{second:,}")
        for name, first, second in zip(names, *totals, strict=True)
        if first or second
    ]


def _outcomes(report: Report) -> list[int]:
    rows = [outcome_numbers(each.rows) for each in report.streams]
    return [sum(each) for each in zip(*rows, strict=True)] or [0] * len(OUTCOMES)


def _errors(before: Report, after: Report) -> list[Change]:
    first, second = (
        {(each.stream, each.code): each.rows for each in report.errors}
        for report in (before, after)
    )
    return [
        Change(
            about="errors",
            what=f"{code} of {stream}",
            before=_number_or(first.get((stream, code)), "none"),
            after=_number_or(second.get((stream, code)), "gone"),
        )
        for stream, code in dict.fromkeys([*first, *second])
    ]


def _number_or(number: int | None, otherwise: str) -> str:
    return otherwise if number is None else f"{number:,}"


def _cost(before: Report, after: Report) -> list[Change]:
    facts = {
        "Jobs": (len(before.jobs), len(after.jobs)),
        "API calls": (before.api.calls, after.api.calls),
        "Requests sent again": (before.api.retries, after.api.retries),
    }
    return [
        Change(about="cost", what=what, before=f"{first:,}", after=f"{second:,}")
        for what, (first, second) in facts.items()
        if first or second
    ]


def _settings(before: Report, after: Report) -> list[Change]:
    names = dict.fromkeys([*before.settings, *after.settings])
    pairs = {name: (_shown(before, name), _shown(after, name)) for name in names}
    return [
        Change(about="settings", what=name, before=first, after=second)
        for name, (first, second) in pairs.items()
        if first != second
    ]


def _shown(report: Report, name: str) -> str:
    value: Any = report.settings.get(name, "default")
    return value if isinstance(value, str) else repr(value)
