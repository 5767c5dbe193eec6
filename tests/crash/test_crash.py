"""Killed anywhere and run again: nothing lost, nothing doubled.

A sample of the points, spread over each scenario; `make crash` takes them all.
"""

from __future__ import annotations

import pytest
from crash_harness import SCENARIOS, Scenario, count_points, kill_at

SAMPLE = 6


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_killed_anywhere(scenario: Scenario) -> None:
    """The org and the failed rows are what they would be without the kill."""
    points = count_points(scenario)
    step = points / SAMPLE
    offset = SCENARIOS.index(scenario) / len(SCENARIOS)
    sample = {1 + int((number + offset) * step) for number in range(SAMPLE)}

    problems = {point: kill_at(scenario, point).problem for point in sorted(sample)}

    assert not {point: problem for point, problem in problems.items() if problem}
