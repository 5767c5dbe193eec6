"""Write the JSON schema of report files into docs/, from the structs that encode them.

`python tools/write_report_schema.py` writes it; with `--check` it only reports if it is out of
date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec

from target_salesforce_bulk.reporting.report.schema import Report

PATH = Path(__file__).parent.parent / "docs" / "report.schema.json"


def schema() -> str:
    """The schema as text."""
    found = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return f"{json.dumps(found | msgspec.json.schema(Report), indent=2)}\n"


def main() -> int:
    """Write the file, or check that it is up to date."""
    if PATH.exists() and PATH.read_text() == schema():
        return 0
    if "--check" in sys.argv[1:]:
        print(f"{PATH.name} is out of date; run: python tools/write_report_schema.py")
        return 1
    PATH.write_text(schema())
    return 0


if __name__ == "__main__":
    sys.exit(main())
