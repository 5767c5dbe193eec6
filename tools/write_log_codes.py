"""Write docs/log-codes.md from the one table of log codes; `--check` only compares."""

from __future__ import annotations

import sys
from pathlib import Path

from target_salesforce_bulk.log_codes import LogCode

PAGE = Path(__file__).parent.parent / "docs" / "log-codes.md"
BEGIN, END = "<!-- codes: begin -->\n", "<!-- codes: end -->\n"


def table() -> str:
    """The codes as a table, in their order."""
    lines = ["| code | action | what happened | what to do |", "|---|---|---|---|"]
    lines += [
        f"| `{each.code}` | `{each.action}` | {each.meaning} | {each.remedy} |"
        for each in sorted(LogCode, key=lambda each: each.code)
    ]
    return "".join(f"{line}\n" for line in lines)


def page(text: str) -> str:
    """The page with its table replaced."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.split(END)[1]}"


def main(*, check: bool) -> int:
    """Write the page unless it is only to be checked."""
    text = PAGE.read_text(encoding="utf-8")
    if page(text) == text:
        return 0
    if not check:
        PAGE.write_text(page(text), encoding="utf-8")
        return 0
    print(f"{PAGE.name} is out of date: run `python tools/write_log_codes.py`.")
    return 1


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
