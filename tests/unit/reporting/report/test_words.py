"""Words and numbers of a report."""

from __future__ import annotations

from typing import Any

import pytest
from sample_reports import make_report, make_stream

from target_salesforce_bulk.reporting.report.phases import Phase
from target_salesforce_bulk.reporting.report.schema import Rows
from target_salesforce_bulk.reporting.report.words import PHASES, duration, headline, percent, rate


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (2463, "41 min 3 s"),
        (3600, "1 h"),
        (7530, "2 h 6 min"),
        (7199.9, "2 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    """Two units at most, and none that is full."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("part", "text"),
    [(0, "0 %"), (0.1, "< 1 %"), (72.4, "72 %"), (99.7, "> 99 %"), (99.99999, "100 %")],
)
def test_percentages(part: float, text: str) -> None:
    """What is small is not nothing, and what is not all is not 100 %."""
    assert percent(part, 100) == text


@pytest.mark.parametrize(
    ("rows", "seconds", "text"),
    [(0, 5, "0"), (1, 4, "0.2"), (99, 10, "9.9"), (12_345, 1, "12,345"), (5, 0, "0")],
)
def test_rates(rows: int, seconds: float, text: str) -> None:
    """One that is slow is not none."""
    assert rate(rows, seconds) == text


def test_a_share_of_nothing() -> None:
    """It is none."""
    assert percent(0, 0) == "0 %"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "Nothing to load: no records were read in 1 min 35 s."),
        (
            {"rows": Rows(), "read": 3},
            "Nothing to load: 3 records read in 1 min 35 s.",
        ),
        ({"rows": Rows(loaded=1)}, "The only row was loaded in 1 min 35 s."),
        ({"rows": Rows(loaded=1200)}, "All 1,200 rows were loaded in 1 min 35 s."),
        (
            {"rows": Rows(loaded=2, failed=1)},
            "2 of 3 rows were loaded in 1 min 35 s; 1 failed, within the thresholds.",
        ),
        (
            {"rows": Rows(loaded=2, failed=1), "verdict": "attention"},
            "2 of 3 rows were loaded in 1 min 35 s; 1 failed.",
        ),
        (
            {"rows": Rows(loaded=2, failed=1), "verdict": "stopped"},
            "Stopped by an error after 1 min 35 s: 2 rows loaded, 1 failed.",
        ),
        (
            {"rows": Rows(loaded=1), "verdict": "interrupted"},
            "Interrupted after 1 min 35 s: 1 row loaded. The next run continues.",
        ),
    ],
)
def test_headlines(changes: dict[str, Any], text: str) -> None:
    """What became of a run, in one sentence."""
    verdict = changes.pop("verdict", "succeeded")
    streams = [make_stream(**changes)] if changes else []

    assert headline(make_report(95, verdict=verdict, streams=streams)) == text


def test_every_phase_has_a_name() -> None:
    """None is left out of a page."""
    assert {*PHASES} == {*Phase}
