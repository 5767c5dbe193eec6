"""The report of a run as one HTML page, which needs nothing else and runs no script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from target_salesforce_bulk.plain_text import counted
from target_salesforce_bulk.reporting.report.advice import CHUNK_ROWS, advice
from target_salesforce_bulk.reporting.report.charts import (
    OUTCOMES,
    outcome_charts,
    outcome_numbers,
    progress_chart,
)
from target_salesforce_bulk.reporting.report.extra import needed
from target_salesforce_bulk.reporting.report.phases import shares
from target_salesforce_bulk.reporting.report.timeline import timeline
from target_salesforce_bulk.reporting.report.words import (
    PHASES,
    VERDICTS,
    duration,
    headline,
    percent,
    rate,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from target_salesforce_bulk.reporting.report.phases import Phase
    from target_salesforce_bulk.reporting.report.schema import Report

#: Rows of a table of jobs or batches; the file has the others.
_MOST_ROWS = 500

#: What Salesforce allows an org in 24 hours.
#: https://developer.salesforce.com/docs/platform/salesforce-app-limits-cheatsheet/guide/salesforce-app-limits-platform-bulkapi.html
_DAILY_ROWS = 150_000_000
_DAILY_CHUNKS = 15_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """A part of the run's time."""

    phase: Phase
    name: str
    seconds: float
    #: Of the whole, in percent.
    width: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Meter:
    """A part of what is allowed."""

    name: str
    #: What the part is, in words.
    text: str
    #: In percent.
    width: float


def render(report: Report) -> str:
    """The page of a report.

    Raises:
        SettingsError: the extra `report` is not installed.
    """
    spent = shares(report)
    environment = needed("jinja2").Environment(
        autoescape=True,
        undefined=needed("jinja2").StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "duration": duration,
        "number": "{:,}".format,
        "time": _time,
        "moment": _moment,
        "prose": _prose,
    }
    markup = needed("markupsafe").Markup
    page: str = environment.from_string(_part("page.html.jinja")).render(
        report=report,
        headline=headline(report),
        verdict=VERDICTS[report.verdict],
        style=markup(_part("page.css")),
        advice=advice(report, spent),
        shares=_shares(spent),
        phases=PHASES,
        timeline=timeline(report),
        outcomes=list(OUTCOMES),
        outcome_numbers=outcome_numbers,
        outcome_charts=[markup(each) for each in outcome_charts(report)],
        progress_chart=markup(progress_chart(report)),
        totals=[sum(each) for each in zip(*_numbers(report), strict=True)],
        meters=_meters(report),
        settings=_flat(report.settings),
        most=_MOST_ROWS,
        costs=_costs(report),
        percent=percent,
        created_known=any(each.rows.created is not None for each in report.streams),
        job_url=lambda job_id: job_url(report.instance_url, job_id),
        rate=rate(report.loaded, report.seconds),
    )
    return page


def job_url(instance_url: str, job_id: str) -> str:
    """The page of a job in Setup; empty if the address is not one of the web."""
    if urlsplit(instance_url).scheme not in {"https", "http"}:
        return ""
    page = "/lightning/setup/AsyncApiJobStatus/page?address=%2F"
    return f"{instance_url.rstrip('/')}{page}{quote(job_id, safe='')}"


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _numbers(report: Report) -> list[list[int]]:
    return [outcome_numbers(each.rows) for each in report.streams]


def _shares(spent: Mapping[Phase, float]) -> list[Share]:
    total = sum(spent.values())
    return [
        Share(phase=phase, name=PHASES[phase], seconds=seconds, width=100 * seconds / total)
        for phase, seconds in spent.items()
    ]


def _meters(report: Report) -> list[Meter]:
    """What the run took of the org's allowances."""
    meters = []
    api = report.api
    if api.used is not None and api.allowed:
        text = f"{api.used:,} of {api.allowed:,} used by all clients, {api.calls:,} by this run"
        meters.append(_meter("API requests in 24 hours", text, api.used, api.allowed))
    rows = sum(each.processed for each in report.jobs)
    if rows:
        chunks = sum(-(-each.processed // CHUNK_ROWS) for each in report.jobs)
        for name, part, whole in (
            ("Bulk API rows in 24 hours", rows, _DAILY_ROWS),
            ("Bulk API batches in 24 hours", chunks, _DAILY_CHUNKS),
        ):
            text = f"{part:,} of {whole:,} used by this run"
            meters.append(_meter(name, text, part, whole))
    return meters


def _costs(report: Report) -> list[str]:
    """Sentences about requests that were repeated and sessions that were renewed."""
    api, costs = report.api, []
    if api.retries:
        costs.append(
            f"{counted(api.retries, 'request')} had to be sent again, after waiting "
            f"{duration(api.wait_seconds)} in all."
        )
    if api.refreshes:
        costs.append(
            f"The session expired {counted(api.refreshes, 'time')} and was renewed "
            f"{counted(api.refreshed, 'time')}."
        )
    return costs


def _meter(name: str, text: str, part: int, whole: int) -> Meter:
    return Meter(
        name=name, text=f"{text} ({percent(part, whole)})", width=min(100, 100 * part / whole)
    )


def _flat(settings: Mapping[str, Any], within: str = "") -> list[tuple[str, str]]:
    """Settings as names with dots, and their values."""
    found: list[tuple[str, str]] = []
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            found += _flat(value, f"{within}{name}.")
        else:
            found.append((f"{within}{name}", value if isinstance(value, str) else repr(value)))
    return found


def _prose(text: str) -> Any:
    """A sentence as HTML: numbers stay with their units, and backticks mark code."""
    markup = needed("markupsafe")
    kept = re.sub(r"(?<=\d) (?=(?:s|min|h|%)\b|%)", "\N{NO-BREAK SPACE}", text)
    parts = [
        markup.Markup("<code>{}</code>").format(part) if place % 2 else markup.escape(part)
        for place, part in enumerate(kept.split("`"))
    ]
    return markup.Markup().join(parts)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%H:%M:%S}"
