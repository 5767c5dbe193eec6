"""Which failures stop a stream, and when."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.loading.guards.thresholds import Thresholds
from target_salesforce_bulk.loading.tally import StreamTally


def tally(**counts: int) -> StreamTally:
    return StreamTally(stream="people", sobject="Contact", counts=Counts(**counts))


PERCENT = "2 of 100 rows of stream people failed, 2.00 %; max_failed_percent is 1."
ROWS = "2 rows of stream people failed; max_failed_rows is 1."


@pytest.mark.parametrize(
    ("counts", "problems"),
    [
        ({"loaded": 0}, []),
        ({"loaded": 99, "failed": 1}, []),
        ({"loaded": 98, "failed": 2}, [PERCENT, ROWS]),
        ({"loaded": 98, "unprocessed": 1, "uncertain": 1}, [PERCENT, ROWS]),
        ({"loaded": 998, "failed": 2}, [ROWS]),
        ({"loaded": 99, "failed": 1, "retried": 50}, []),
    ],
)
def test_each_threshold_that_is_exceeded_is_a_problem(
    counts: dict[str, int], problems: list[str]
) -> None:
    """Every row that was not loaded counts; at the threshold itself nothing is wrong."""
    assert Thresholds(max_failed_percent=1, max_failed_rows=1).problems(tally(**counts)) == problems


def test_no_limit_of_rows() -> None:
    """Without max_failed_rows the percentage decides alone."""
    thresholds = Thresholds(max_failed_percent=50)

    assert thresholds.problems(tally(loaded=60, failed=40)) == []


@pytest.mark.parametrize(
    ("counts", "canary", "stops"),
    [
        ({"loaded": 99, "failed": 100}, False, False),
        ({"loaded": 100, "failed": 100}, False, True),
        ({"loaded": 99, "failed": 100}, True, True),
        ({"failed": 1}, True, True),
        ({"loaded": 1}, True, False),
    ],
)
def test_a_stream_stops_early_when_enough_is_known(
    counts: dict[str, int], *, canary: bool, stops: bool
) -> None:
    """From 200 outcomes on, or at once after a canary."""
    problem: Any = Thresholds(max_failed_percent=1).early_problem(tally(**counts), canary=canary)

    assert problem.endswith(" The rest of the stream is not sent.") is stops
    assert bool(problem) is stops
