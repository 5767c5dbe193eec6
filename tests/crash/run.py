"""`make crash`: kill the target at every point of every scenario, and run it again."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from crash_harness import SCENARIOS, Scenario, count_points, kill_at


def run(scenario: Scenario) -> tuple[int, int]:
    """Kill at every point of a scenario; how many were right, of how many."""
    points, started = count_points(scenario), time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda point: kill_at(scenario, point), range(1, points + 1)))
    wrong = {number: each for number, each in enumerate(outcomes, 1) if each.problem}
    seconds = time.monotonic() - started
    print(f"{scenario!s:20} {points - len(wrong):4}/{points} right, {seconds:5.0f} s", flush=True)
    for number, outcome in wrong.items():
        print(f"  killed at {number}: {outcome.problem}", flush=True)
    return points - len(wrong), points


if __name__ == "__main__":
    results = [run(scenario) for scenario in SCENARIOS]
    right, total = (sum(numbers) for numbers in zip(*results, strict=True))
    print(f"{right}/{total} kills: nothing lost, nothing doubled")
    sys.exit(right != total)
