"""Look for known vulnerabilities of what dev-requirements.txt locks.

Exits with 1 if there are any. Where the database cannot be reached, it says so and exits with 0.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parent.parent / "dev-requirements.txt"


def report() -> dict[str, Any]:
    """What pip-audit found; empty if it got no answer."""
    process = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--format", "json"),
            *("--require-hashes", "--disable-pip", "--requirement", LOCK),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found: dict[str, Any] = json.loads(process.stdout)
    except ValueError:
        return {}
    return found


def verdict(found: dict[str, Any]) -> tuple[int, list[str]]:
    """The exit code, and the lines to print."""
    packages = found.get("dependencies", [])
    audited = [each for each in packages if "skip_reason" not in each]
    if not audited:
        return 0, ["Skipped: the database of vulnerabilities cannot be reached from here."]
    lines = [
        f"{each['name']} {each['version']}: {known['id']}, fixed in "
        f"{', '.join(known['fix_versions']) or 'no version'}"
        for each in audited
        for known in each["vulns"]
    ]
    summary = f"{len(audited)} of {len(packages)} packages audited, {len(lines)} vulnerabilities."
    return (1 if lines else 0), [*lines, summary]


def main() -> int:
    """Run it."""
    code, lines = verdict(report())
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
