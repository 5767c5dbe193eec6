"""The benchmarks run on the code as it is; what they measure is not asserted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench" / "run.py"


def test_a_measurement() -> None:
    """From messages to a sealed CSV, which is the part that reaches into the target."""
    done = subprocess.run(
        [sys.executable, BENCH, "--only", "generation", "--rows", "50", "--rounds", "1"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "CSV of 50 records" in done.stdout
