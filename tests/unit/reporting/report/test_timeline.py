"""The jobs of a run on its time axis."""

from __future__ import annotations

import pytest
from sample_reports import big, idle, make_batch, make_job, make_report

from target_salesforce_bulk.reporting.report import timeline as module
from target_salesforce_bulk.reporting.report.phases import Phase
from target_salesforce_bulk.reporting.report.timeline import Bar, mark, time_marks, timeline


def test_a_job_is_drawn_in_its_place() -> None:
    """Its phases in percent of the run, and the same in words."""
    found = timeline(make_report(20, batches=[make_batch(rows=9)], jobs=[make_job(begin=10)]))
    (line,) = found.lines

    assert line.bars[:2] == [
        Bar(phase=Phase.UPLOAD, left=50.0, width=5.0, label="Upload: 1.0 s"),
        Bar(phase=Phase.TURN, left=55.0, width=5.0, label="Waiting for its turn: 1.0 s"),
    ]
    assert (line.name, line.rows) == ("contacts", "9 rows")
    assert line.text == (
        "upload 1.0 s, waiting for its turn 1.0 s, queued at salesforce 2.0 s, salesforce 1.0 s, "
        "apex: triggers and flows 2.0 s, ended, not yet polled 1.0 s, reading results 2.0 s"
    )


def test_what_lies_outside_the_run_is_cut() -> None:
    """A job of an earlier run may have begun before this one."""
    (line,) = timeline(make_report(20, jobs=[make_job(begin=-2)])).lines

    assert [(bar.phase, bar.left, bar.width) for bar in line.bars[:2]] == [
        (Phase.QUEUE, 0.0, 10.0),
        (Phase.SALESFORCE, 10.0, 5.0),
    ]


def test_a_job_that_was_given_up() -> None:
    """It has no stream, so its object names it."""
    (line,) = timeline(make_report(20, jobs=[make_job(stream="", batch=None)])).lines

    assert (line.name, line.rows) == ("Contact (given up)", "10,000 rows")


def test_the_longest_jobs_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order in which they began; the others are counted."""
    monkeypatch.setattr(module, "MOST_DRAWN", 2)
    jobs = [
        make_job(1, begin=40),
        make_job(2, begin=20, results_fetched_at=None),
        make_job(3, begin=0),
    ]
    found = timeline(make_report(60, jobs=jobs))

    assert [each.job.id[-4:] for each in found.lines] == ["3AAA", "1AAA"]
    assert found.left_out == 1


def test_whole_runs() -> None:
    """All 60 jobs of a big run are drawn within its axis; an idle run has none."""
    found = timeline(big())
    ends = [bar.left + bar.width for line in found.lines for bar in line.bars]

    assert (len(found.lines), len(timeline(idle()).lines)) == (60, 0)
    assert (found.waits, timeline(idle()).waits) == (True, False)
    assert max(ends) <= 100.001


@pytest.mark.parametrize(
    ("length", "labels"),
    [
        (0.35, ["0", "0.1 s", "0.2 s", "0.3 s"]),
        (25.0, ["0", "5 s", "10 s", "15 s", "20 s", "25 s"]),
        (1900.0, ["0", "10 min", "20 min", "30 min"]),
        (8000.0, ["0", "30 min", "1 h", "1 h 30 min", "2 h"]),
        (864_000.0, ["0", "40 h", "80 h", "120 h", "160 h", "200 h", "240 h"]),
    ],
)
def test_marks(length: float, labels: list[str]) -> None:
    """Round times, a handful of them."""
    assert [mark(each) for each in time_marks(length)] == labels
