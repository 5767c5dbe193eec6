"""Who spent the time of a run."""

from __future__ import annotations

from typing import Any

import pytest
from sample_reports import START, at, big, failed, idle, make_batch, make_job, make_report, tiny

from target_salesforce_bulk.reporting.report.phases import (
    Phase,
    job_segments,
    segments,
    shares,
)
from target_salesforce_bulk.reporting.report.schema import ReadingFacts

T = START.timestamp()


def spans(job: Any, **options: Any) -> list[tuple[str, float, float]]:
    """The phases of a job, in seconds of the run."""
    return [
        (str(each.phase), round(each.start - T, 3), round(each.end - T, 3))
        for each in segments(job, **options)
    ]


def test_the_phases_of_a_job() -> None:
    """Upload, its turn, the queue, Salesforce, Apex, the time until a poll saw it, results."""
    assert spans(make_job()) == [
        ("upload", 0.0, 1.0),
        ("turn", 1.0, 2.0),
        ("queue", 2.0, 4.0),
        ("salesforce", 4.0, 5.0),
        ("apex", 5.0, 7.0),
        ("polling", 7.0, 8.0),
        ("results", 8.0, 10.0),
    ]


def test_rows_that_are_sent_again_have_waited() -> None:
    """From when their first batch was settled."""
    assert spans(make_job(begin=5), parent_settled_at=at(3))[0] == ("resend", 3.0, 5.0)


@pytest.mark.parametrize(
    ("changes", "unseen"),
    [
        ({"modified_at": at(5.5)}, 2.5),
        ({"modified_at": at(9)}, 0.0),  # Salesforce's clock is ahead
        ({"modified_at": at(1)}, 3.0),  # it is behind: the poll before says more
        ({"modified_at": at(1), "active_ms": 5_500, "apex_ms": 0}, 0.5),
        ({"modified_at": None}, 0.0),
    ],
)
def test_how_long_an_end_went_unseen(changes: dict[str, Any], unseen: float) -> None:
    """By Salesforce's clock, within what the polls and the work leave."""
    found = {name: end - start for name, start, end in spans(make_job(**changes))}

    assert found.get("polling", 0.0) == pytest.approx(unseen)


def test_work_that_does_not_fit_is_cut() -> None:
    """Salesforce may report more than the time that went by."""
    assert spans(make_job(active_ms=90_000, apex_ms=80_000))[2:-1] == [("apex", 2.0, 8.0)]


@pytest.mark.parametrize(
    ("state", "phase"), [("UploadComplete", "queue"), ("InProgress", "salesforce")]
)
def test_a_job_that_has_not_ended(state: str, phase: str) -> None:
    """What it was doing when it was last asked, until then."""
    job = make_job(state=state, finished_at=None, results_started_at=None)

    assert spans(job)[2:] == [(phase, 2.0, 5.0)]


@pytest.mark.parametrize("known", [{}, {"closed_at": at(1)}])
def test_a_job_of_which_little_is_known(known: dict[str, Any]) -> None:
    """There is nothing to draw, and nothing breaks."""
    job = make_job(**dict.fromkeys(("created_at", "uploaded_at", "closed_at", "polled_at",
                                    "finished_at", "results_started_at")) | known)  # fmt: skip

    assert spans(job) == []


def test_resent_rows_are_found_by_their_batch() -> None:
    """A child batch names the one whose rows it sends again."""
    report = make_report(
        30,
        batches=[make_batch(1, 10), make_batch(2, 30, parent=1)],
        jobs=[make_job(1), make_job(2, begin=15)],
    )

    assert [each[0].phase for each in job_segments(report).values()] == ["upload", "resend"]


def test_the_shares_of_one_job() -> None:
    """Its phases; before and after it, the tap and this program by the CPU time of reading."""
    report = make_report(
        20,
        jobs=[make_job(begin=5)],
        reading=ReadingFacts(seconds=5, cpu_seconds=1, complete=True),
    )

    assert shares(report) == pytest.approx(
        {
            Phase.TAP: 4.0,
            Phase.TARGET: 1.0 + 1.0 + 5.0,  # while reading, while waiting for a turn, after it
            Phase.UPLOAD: 1.0,
            Phase.QUEUE: 2.0,
            Phase.SALESFORCE: 1.0,
            Phase.APEX: 2.0,
            Phase.POLLING: 1.0,
            Phase.RESULTS: 2.0,
        }
    )


def test_jobs_at_the_same_time_share_it() -> None:
    """Evenly; one that waits for its turn takes nothing from the one that it waits for."""
    jobs = [
        make_job(1, active_ms=0, apex_ms=0, modified_at=None),
        make_job(2, active_ms=0, apex_ms=0, modified_at=None, object="Account",
                 uploaded_at=at(2), closed_at=at(10), finished_at=at(10), polled_at=None),
    ]  # fmt: skip
    report = make_report(10, jobs=jobs, reading=ReadingFacts())

    assert shares(report) == pytest.approx(
        # The first second is an upload of both, the next one of the second alone.
        {Phase.UPLOAD: 2.0, Phase.QUEUE: 6.0, Phase.RESULTS: 2.0}
    )


@pytest.mark.parametrize("report", [big(), failed(), idle(), tiny()])
def test_shares_add_up_to_the_run(report: Any) -> None:
    """No second is lost, and none counts twice."""
    assert sum(shares(report).values()) == pytest.approx(report.seconds)


def test_waiting_to_resend_counts_alone() -> None:
    """If nothing else is under way, the time belongs to that wait."""
    report = make_report(
        30,
        batches=[make_batch(1, 10), make_batch(2, 30, parent=1)],
        jobs=[make_job(1), make_job(2, begin=20)],
        reading=ReadingFacts(),
    )

    assert shares(report)[Phase.RESEND] == pytest.approx(10.0)
