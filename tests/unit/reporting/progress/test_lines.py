"""How far a run is, where nothing can be drawn."""

from __future__ import annotations

import pytest
from pictures import job, picture

from target_salesforce_bulk.reporting.progress.lines import Lines, duration, sentence


def test_a_sentence_has_every_fact() -> None:
    """It is read alone."""
    jobs = (job(processed=400), job(processed=100))
    found = sentence(picture(read_rate=12.4, loaded=500, failed=1, jobs=jobs, seconds_left=65.0))

    assert found == (
        "Progress after 2:13 min: 1,000 rows read (12/s); 500 loaded; 1 failed; batches: 0 "
        "settled, 2 with a job; their jobs have processed 500 of 2,000 rows; 142 API calls, "
        "org at 14 % of its day; about 1:05 min left"
    )


def test_what_is_unknown_is_left_out() -> None:
    """The share of the day before Salesforce has told it, and the time left."""
    assert sentence(picture(api_percent=None, api_calls=1)) == (
        "Progress after 2:13 min: 1,000 rows read; 0 loaded; 0 failed; batches: 0 settled, 0 with "
        "a job; 1 API call"
    )


def test_no_line_without_news(caplog: pytest.LogCaptureFixture) -> None:
    """A poll that finds a job as it was costs a call, and is no news."""
    caplog.set_level("INFO")
    lines = Lines()
    for each in (
        picture(jobs=(job(processed=1),)),
        picture(jobs=(job(processed=1),), api_calls=150, seconds=143.0),
        picture(jobs=(job(processed=2),), api_calls=160, seconds=153.0),
    ):
        lines.show(each)

    assert [each.api_calls for each in caplog.records] == [142, 160]  # type: ignore[attr-defined]
    assert {each.code for each in caplog.records} == {"TSB1002"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1:00 min"), (185, "3:05 min"), (7385, "2:03:05 h")],
)
def test_durations(seconds: float, text: str) -> None:
    """In the largest unit that fits."""
    assert duration(seconds) == text
