"""Charts as SVG without scripts, whose colours come from the style of the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from target_salesforce_bulk.reporting.report.extra import needed
from target_salesforce_bulk.reporting.report.timeline import mark, time_marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_salesforce_bulk.reporting.report.schema import Report, Rows

#: Outcomes in the order of a bar, with the variable of their colour.
OUTCOMES = {
    "loaded": "--good",
    "refused before sending": "--refused",
    "failed": "--bad",
    "unprocessed": "--queue",
    "uncertain": "--uncertain",
    "sent again": "--resend",
}

_SVG = "{http://www.w3.org/2000/svg}"
_WIDTH = 620
#: Characters of a label.
_LONGEST = 28
_MOST_MARKS = 5
_FEWEST_POINTS = 4
_FONT = "system-ui, sans-serif"


def outcome_numbers(rows: Rows) -> list[int]:
    """The numbers of `OUTCOMES`."""
    return [
        rows.loaded,
        rows.refused,
        rows.failed - rows.refused,
        rows.unprocessed,
        rows.uncertain,
        rows.retried,
    ]


def outcome_charts(report: Report) -> list[str]:
    """Rows by outcome, one bar for each stream; and those not loaded again, as they may be few."""
    every = list(OUTCOMES)
    charts = [_outcome_chart(report, every), _outcome_chart(report, every[1:])]
    return [each for each in charts if each]


def _outcome_chart(report: Report, names: Sequence[str]) -> str:
    first = list(OUTCOMES).index(names[0])
    numbers = {each.stream: outcome_numbers(each.rows)[first:] for each in report.streams}
    streams = [each for each, own in reversed(numbers.items()) if any(own)]
    if not streams:
        return ""
    columns = zip(names, zip(*(numbers[each] for each in streams), strict=True), strict=True)
    shown = {name: values for name, values in columns if any(values)}
    chart = _pygal().HorizontalStackedBar(
        **_options([OUTCOMES[each] for each in shown], height=64 + 30 * len(streams)),
        value_formatter=_number,
    )
    chart.x_labels = [_short(each) for each in streams]
    chart.y_labels = marks(max(sum(numbers[each]) for each in streams))
    for name, values in shown.items():
        chart.add(name, list(values))
    return _static(chart)


def progress_chart(report: Report) -> str:
    """Rows that were loaded over time; empty if too few batches were settled to draw a line."""
    points, total = [(0.0, 0)], 0
    for batch in sorted(report.batches, key=lambda each: each.settled_at or report.ended_at):
        if batch.settled_at is not None:
            total += batch.outcome.loaded
            seconds = (batch.settled_at - report.started_at).total_seconds()
            points.append((round(seconds, 1), total))
    if len(points) < _FEWEST_POINTS or not total:
        return ""
    chart = _pygal().XY(
        **_options(["--good"], height=260),
        x_value_formatter=mark,
        value_formatter=_number,
        show_dots=False,
        fill=True,
        range=(0, total),
    )
    chart.x_labels = time_marks(report.seconds)
    chart.y_labels = marks(total)
    chart.add("loaded", points)
    return _static(chart)


def _pygal() -> Any:
    return needed("pygal")


def _options(colors: Sequence[str], *, height: int) -> dict[str, Any]:
    style = needed("pygal.style").Style(
        background="transparent",
        plot_background="transparent",
        foreground="var(--muted)",
        foreground_strong="var(--ink)",
        foreground_subtle="var(--line)",
        colors=tuple(f"var({each})" for each in colors),
        opacity="1",
        opacity_hover="1",
        font_family=_FONT,
        label_font_size=12,
        major_label_font_size=12,
        guide_stroke_color="var(--line)",
        major_guide_stroke_color="var(--line)",
        transition="none",
    )
    return {
        "style": style,
        "js": [],
        "width": _WIDTH,
        "height": height,
        "show_legend": False,
        "margin": 6,
        "margin_right": 28,  # for half of the last label
        "spacing": 8,
        "print_values": False,
        "truncate_label": -1,
    }


def _static(chart: Any) -> str:
    """A chart without scripts, comments and links, hidden from what reads pages aloud.

    The page has the same numbers as a table.
    """
    root = ElementTree.fromstring(chart.render())  # noqa: S314 - pygal's own text
    for parent in list(root.iter()):
        for child in list(parent):
            name = child.tag.removeprefix(_SVG) if isinstance(child.tag, str) else ""
            if name in {"", "script", "title", "desc"}:
                parent.remove(child)
    root.attrib |= {"aria-hidden": "true", "focusable": "false"}
    ElementTree.register_namespace("", _SVG.strip("{}"))
    return re.sub(r"\s*\n\s*", " ", ElementTree.tostring(root, encoding="unicode"))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def marks(most: int) -> list[int]:
    """Round numbers from 0 up to at most a number, a handful of them."""
    power = 10 ** (len(str(most)) - 1)
    steps = (power // 5, power // 2, power, 2 * power)
    step = next((each for each in steps if each and most / each <= _MOST_MARKS), 2 * power)
    return list(range(0, most + 1, step))


def _number(value: Any) -> str:
    return f"{value:,.0f}"
