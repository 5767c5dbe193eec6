"""When a job is polled."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.loading.polling import Pace, PollPlan

PLAN = PollPlan(interval_seconds=2, max_interval_seconds=30)


def questions(
    rows: int, per_second: float, *, queued: float = 0, earlier: float = 0
) -> list[float]:
    """The times at which a job of so many rows is polled, the last one after its end."""
    now, asked = 0.0, []
    pace = Pace(PLAN, rows, now=now, rows_per_second=earlier)
    wait = pace.wait
    while True:
        now += wait
        asked.append(now)
        processed = min(rows, max(0, int((now - queued) * per_second)))
        if processed == rows:
            return asked
        wait = pace.answered(processed, now)


@pytest.mark.parametrize("queued", [0, 5, 60])
@pytest.mark.parametrize("rows", [1, 1000, 100_000, 1_000_000])
def test_few_questions_and_no_long_wait_after_the_end(rows: int, queued: float) -> None:
    """The delay is at most the longest wait, and a tenth of the job if it shows progress."""
    speed = 2000.0
    took = queued + rows / speed
    asked = questions(rows, speed, queued=queued)

    assert len(asked) <= 10 + took / PLAN.max_interval_seconds
    assert asked[-1] - took <= PLAN.max_interval_seconds
    if not queued:
        assert asked[-1] - took <= max(PLAN.interval_seconds, 0.1 * took)


def test_the_job_before_tells_how_long_the_next_one_takes() -> None:
    """The first poll comes when it should be nearly done."""
    assert questions(40_000, 2000, earlier=2000)[0] == 18
    assert len(questions(40_000, 2000, earlier=2000)) == 2


def test_waits_keep_to_their_bounds() -> None:
    """A tiny job is not polled earlier, nor a huge one later, than the settings allow."""
    assert Pace(PLAN, 1, now=0, rows_per_second=1e9).wait == 2
    assert Pace(PLAN, 10**9, now=0, rows_per_second=1).wait == 30
