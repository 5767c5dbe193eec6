"""Advice is given where its facts are there, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from sample_reports import (
    big,
    failed,
    idle,
    make_batch,
    make_job,
    make_report,
    make_stream,
    tiny,
)

from target_salesforce_bulk.reporting.report.advice import Advice, advice
from target_salesforce_bulk.reporting.report.phases import Phase, shares
from target_salesforce_bulk.reporting.report.schema import ApiFacts, ErrorFacts, Report, Rows


def found(report: Report, **spent: float) -> list[Advice]:
    """The advice for a run whose time is given, or is 100 seconds of this program."""
    return advice(report, {Phase(name): each for name, each in spent.items()} or {
        Phase.TARGET: 100.0
    })  # fmt: skip


def findings(report: Report, **spent: float) -> list[str]:
    return [each.finding for each in found(report, **spent)]


def error(rows: int, code: str = "A") -> ErrorFacts:
    return ErrorFacts(
        stream="contacts", code=code, failure_class="permanent", rows=rows, message="why",
        hint="Mend it.",
    )  # fmt: skip


def small(number: int, rows: int = 300, **changes: Any) -> list[Any]:
    return [make_batch(each, rows=rows, **changes) for each in range(number)]


def used(number: int) -> ApiFacts:
    return ApiFacts(calls=7, used=number, allowed=100)


#: Runs about which something is said, and the same ones with a little less of it.
CASES: dict[str, tuple[Report, Report, str]] = {
    "stopped": (
        make_report(streams=[make_stream(stopped="why")]),
        make_report(streams=[make_stream()]),
        "Stream contacts was stopped.",
    ),
    "uncertain": (
        make_report(streams=[make_stream(rows=Rows(uncertain=2))]),
        make_report(streams=[make_stream(rows=Rows(failed=2))]),
        "The outcome of 2 rows is uncertain.",
    ),
    "one cause": (
        make_report(errors=[error(5), error(5), error(9, "B")]),
        make_report(errors=[error(5), error(5), error(11, "B"), error(10, "C")]),
        "53 % of the failed rows have one cause: A.",
    ),
    "one cause of few rows": (
        make_report(errors=[error(10)]),
        make_report(errors=[error(9)]),
        "100 % of the failed rows have one cause: A.",
    ),
    "left open": (
        make_report(batches=[make_batch(rows=30, state="submitted")]),
        make_report(batches=[make_batch(rows=30)]),
        "30 rows in 1 batch had no outcome yet.",
    ),
    "given up": (
        make_report(batches=[make_batch(jobs_made=3)]),
        make_report(batches=[make_batch(jobs_made=1)]),
        "2 jobs failed on the way and had to be made anew.",
    ),
    "waits": (
        make_report(api=ApiFacts(calls=9, retries=3, wait_seconds=5.0)),
        make_report(api=ApiFacts(calls=9, retries=3, wait_seconds=4.9)),
        "Requests that were refused waited 5.0 s to be sent again.",
    ),
    "small jobs": (
        make_report(batches=small(5, 999)),
        make_report(batches=small(5, 1000)),
        "Stream contacts was loaded in 5 small jobs.",
    ),
    "few small jobs": (
        make_report(batches=small(5)),
        make_report(batches=[*small(4), *small(1, parent=1)]),
        "Stream contacts was loaded in 5 small jobs.",
    ),
    "allowance": (
        make_report(api=used(80)),
        make_report(api=used(79)),
        "The org has used 80 % of its API requests of 24 hours.",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_said_of_a_run(case: str) -> None:
    """It is said where the facts are there; with less, nothing is."""
    firing, silent, finding = CASES[case]

    assert findings(firing) == [finding]
    assert findings(silent) == []


@pytest.mark.parametrize(
    ("phase", "least", "finding"),
    [
        (
            Phase.APEX,
            25,
            "25 % of the time is Apex: triggers and flows on Contact cost 2.0 s of this run.",
        ),
        (Phase.TAP, 50, "50 % of the time went by waiting for the tap."),
        (Phase.QUEUE, 30, "30 % of the time jobs waited in Salesforce's queue."),
        (Phase.POLLING, 15, "15 % of the time jobs had ended unnoticed."),
        (Phase.UPLOAD, 30, "30 % of the time went by uploading."),
    ],
)
def test_what_is_said_of_time(phase: Phase, least: int, finding: str) -> None:
    """From a share on that is worth a change; not below it, and not in a run of moments."""
    report = make_report(jobs=[make_job()], batches=[make_batch()])

    assert findings(report, **{phase: least, "target": 100 - least}) == [finding]
    assert findings(report, **{phase: least - 1, "target": 101 - least}) == []
    assert findings(report, **{phase: 4.9}) == []


def test_apex_names_the_object_that_costs_most() -> None:
    """With the seconds of each object as facts."""
    jobs = [
        make_job(1, apex_ms=60_000),
        make_job(2, apex_ms=50_000, object="Case"),
        make_job(3, apex_ms=30_000, object="Case"),
        make_job(4, apex_ms=0, object="Task"),
    ]
    (told,) = found(make_report(jobs=jobs), apex=72, target=28)

    assert told.finding == (
        "72 % of the time is Apex: triggers and flows on Case cost 1 min 20 s of this run."
    )
    assert told.facts == (
        "Case: 1 min 20 s of apexProcessingTime",
        "Contact: 1 min of apexProcessingTime",
    )


def test_compression_is_not_advised_twice() -> None:
    """Where it is on, nothing is said of uploads."""
    report = make_report(settings={"compress_uploads": True})

    assert findings(report, upload=90, target=10) == []


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"batch_size_rows": 300}, "raise batch_size_rows."),
        ({"streams": {"contacts": {"batch_size_rows": 300}}}, "raise batch_size_rows."),
        ({}, "raise max_batch_age_seconds, or let the tap send more rows at a time."),
    ],
)
def test_small_jobs_name_what_limits_them(settings: dict[str, Any], name: str) -> None:
    """The size that was set, or else the age."""
    (told,) = found(make_report(settings=settings, batches=small(5)))

    assert told.action.endswith(name)


def test_whole_runs() -> None:
    """Nothing is said of a run that is fine; the others hear what concerns them, rows first."""
    assert [len(advice(each, shares(each))) for each in (idle(), tiny())] == [0, 0]
    assert [each.finding.split(":")[0] for each in advice(big(), shares(big()))] == [
        "85 % of the failed rows have one cause",
        "56 % of the time is Apex",
        "The org has used 83 % of its API requests of 24 hours.",
    ]
    assert findings(failed())[0] == "Stream contacts was stopped."


def test_each_advice_has_its_facts() -> None:
    """None is without a number or a reason."""
    told = [each for firing, *_ in CASES.values() for each in found(firing)]

    assert all(each.facts and all(each.facts) for each in told)
