"""What changed from one run to another."""

from __future__ import annotations

from sample_reports import (
    idle,
    make_batch,
    make_job,
    make_report,
    make_stream,
)

from target_salesforce_bulk.reporting.report.diff import Change, compare
from target_salesforce_bulk.reporting.report.schema import (
    ApiFacts,
    ErrorFacts,
    ReadingFacts,
    Report,
    Rows,
)


def one_job(seconds: float, errors: dict[str, int], **changes: object) -> Report:
    return make_report(
        seconds,
        reading=ReadingFacts(),
        streams=[make_stream(rows=Rows(loaded=9, failed=sum(errors.values())))],
        batches=[make_batch()],
        jobs=[make_job(active_ms=0, apex_ms=0, modified_at=None)],
        errors=[
            ErrorFacts(stream="contacts", code=code, failure_class="permanent", rows=rows)
            for code, rows in errors.items()
        ],
        **changes,
    )


def test_everything_is_compared() -> None:
    """Time by share, rows by outcome, errors new, gone and changed, calls and settings."""
    before = one_job(10, {"GONE": 2, "LESS": 5}, api=ApiFacts(calls=8), settings={"nulls": "clear"})
    after = one_job(20, {"LESS": 1, "NEW": 3}, api=ApiFacts(calls=9, retries=1))

    found = compare(before, after)

    assert [(each.about, each.what, each.before, each.after) for each in found] == [
        ("time", "Duration", "10 s", "20 s"),
        ("time", "This program", "1.0 s (10 %)", "11 s (55 %)"),
        ("time", "Upload", "1.0 s (10 %)", "1.0 s (5 %)"),
        ("time", "Queued at Salesforce", "6.0 s (60 %)", "6.0 s (30 %)"),
        ("time", "Reading results", "2.0 s (20 %)", "2.0 s (10 %)"),
        ("rows", "Read", "10,000", "10,000"),
        ("rows", "Loaded", "9", "9"),
        ("rows", "Failed", "7", "4"),
        ("errors", "GONE of contacts", "2", "gone"),
        ("errors", "LESS of contacts", "5", "1"),
        ("errors", "NEW of contacts", "none", "3"),
        ("cost", "Jobs", "1", "1"),
        ("cost", "API calls", "8", "9"),
        ("cost", "Requests sent again", "0", "1"),
        ("settings", "nulls", "clear", "default"),
    ]  # fmt: skip


def test_a_run_and_itself() -> None:
    """Nothing has changed."""
    assert [each for each in compare(idle(), idle()) if each.changed] == []


def test_a_change() -> None:
    """It is one if the two runs differ."""
    assert Change(about="rows", what="Read", before="1", after="2").changed
