"""What is drawn on a terminal of some width."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from pictures import job, picture

from target_salesforce_bulk.reporting.progress.frame import Frames

HOSTILE = "[bold red]x[/]\x1b[31m\n:smile:"


def drawn(columns: int, *, encoding: str = "utf-8", rows: int = 24, **environ: str) -> list[str]:
    """The lines of a picture with two jobs."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    size = {"COLUMNS": str(columns), "LINES": str(rows), "TERM": "xterm"}
    frames = Frames(file, size | environ)
    return frames.draw(
        picture(
            read=120_400,
            read_rate=4210.4,
            loaded=80_000,
            failed=12,
            batches_settled=8,
            seconds_left=75.0,
            jobs=(
                job(rows=20_000, processed=10_000, state="InProgress", rate=450.0),
                job(stream=HOSTILE, job_id="7505g0000000002AAA"),
            ),
        )
    )


def plain(lines: list[str]) -> list[str]:
    return [re.sub(r"\x1b\[[\d;]*m", "", line).rstrip() for line in lines]


def test_a_wide_terminal() -> None:
    """Totals on top, then a line for each job with its bar, rows and rate."""
    assert plain(drawn(140)) == [
        "120,400 read (4,210/s)   80,000 loaded   12 failed   batches settled: 8   142 API calls, "
        "org at 14 % of its day   2:13 min",
        "about 1:15 min left",
        "contacts → Contact                        7505g0000000001AAA  InProgress  "
        "━━━━━━━━━━╺━━━━━━━━━  10,000/20,000  450/s",
        r"[bold red]x[/]\x1b[31m\n:smile: → Conta…  7505g0000000002AAA        Open  "
        "━━━━━━━━━━━━━━━━━━━━        0/1,000",
    ]


def test_a_narrow_terminal() -> None:
    """No line is longer than 39 columns of 40; a job has its share and its rate."""
    lines = plain(drawn(40))

    assert [line for line in lines if len(line) > 39] == []
    assert lines[-2].split() == ["contacts", "→", "Contact", "50", "%", "450/s"]
    assert lines[-1] == r"[bold red]x[/]\x1b[…   0 %"


def test_a_low_window() -> None:
    """What is drawn is lower than the window, or drawing it anew would scroll."""
    assert len(drawn(40, rows=6)) == 3


@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": "1"}])
def test_colours(environ: dict[str, Any]) -> None:
    """Failures are red, unless colours are unwanted; no name adds a colour or a line."""
    lines = drawn(140, **environ)

    assert any("31m" in re.sub(r"\\x1b\[31m", "", line) for line in lines) == (not environ)
    assert (len(lines), "\x1b[31m" in lines[-1]) == (4, False)


def test_a_terminal_without_unicode() -> None:
    """Bars are of ASCII."""
    assert "━" not in "".join(drawn(140, encoding="ascii"))
