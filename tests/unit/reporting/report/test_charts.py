"""Charts as static SVG."""

from __future__ import annotations

import re

import pytest
from sample_reports import big, idle, make_batch, make_report, make_stream, tiny

from target_salesforce_bulk.reporting.report.charts import (
    OUTCOMES,
    marks,
    outcome_charts,
    outcome_numbers,
    progress_chart,
)
from target_salesforce_bulk.reporting.report.schema import Rows

HOSTILE = '<script>alert("x")</script>&\u202e'


def test_numbers_add_up() -> None:
    """Each row stands for one outcome: those refused before sending are not failed ones, too."""
    rows = Rows(loaded=1, failed=5, refused=2, unprocessed=4, uncertain=5, retried=6)

    assert dict(zip(OUTCOMES, outcome_numbers(rows), strict=True)) == {
        "loaded": 1,
        "refused before sending": 2,
        "failed": 3,
        "unprocessed": 4,
        "uncertain": 5,
        "sent again": 6,
    }


def test_a_bar_for_each_stream() -> None:
    """With its name; colours are those of the page, for light and for dark."""
    charts = outcome_charts(big())

    assert len(charts) == 2
    for chart in charts:
        assert all(each.stream[:20] in chart for each in big().streams)
    assert "var(--good)" in charts[0]
    assert "var(--good)" not in charts[1]
    assert "var(--bad)" in charts[1]


def test_what_is_not_there_is_not_drawn() -> None:
    """No rows, no chart; no failures, no chart of them; too few batches, no line."""
    assert [len(outcome_charts(each)) for each in (idle(), tiny())] == [0, 1]
    assert [bool(progress_chart(each)) for each in (idle(), tiny(), big())] == [False, False, True]


def test_nothing_runs_and_nothing_is_fetched() -> None:
    """No script, no comment, no link; a hostile name is text."""
    streams = [make_stream(stream=HOSTILE, rows=Rows(loaded=3, failed=1))]
    batches = [make_batch(each, each) for each in range(1, 6)]
    report = make_report(streams=streams, batches=batches)

    for chart in [*outcome_charts(report), progress_chart(report)]:
        assert chart.startswith("<svg ")
        assert not re.search(r"<script|<!--|href|url\(|@import| on\w+=", chart)
        assert {*re.findall(r"https?://[^\"]+", chart)} <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (1, [0, 1]),
        (7, [0, 2, 4, 6]),
        (345_384, [0, 100_000, 200_000, 300_000]),
        (852_471, [0, 200_000, 400_000, 600_000, 800_000]),
    ],
)
def test_marks_are_round(most: int, expected: list[int]) -> None:
    """A handful of numbers."""
    assert marks(most) == expected
