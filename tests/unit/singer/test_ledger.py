"""STATE carries the failed jobs and its number, and what comes back of it is taken out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sample_batches import ORG_ID

from target_salesforce_bulk.singer.ledger import NAME, Ledger, find, is_job_id

JOB = "7503000000AbCdE"
NOW = datetime.now(UTC)


def job(job_id: str = JOB, days: int = 0, **failed: int) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "failed": failed or {"X": 2},
        "time": (NOW - timedelta(days=days)).isoformat(),
    }


class Failures:
    """The failed rows of a journal, by job."""

    def __init__(self, *jobs: dict[str, Any], foreign: tuple[dict[str, Any], ...] = ()) -> None:
        self._jobs = jobs
        self.foreign = {each["job_id"]: json.dumps(each) for each in foreign}

    def jobs(self) -> list[dict[str, Any]]:
        return [*self._jobs]

    def foreign_jobs(self) -> list[str]:
        return [*self.foreign.values()]

    def remember_foreign_job(self, job_id: str, entry: str) -> None:
        self.foreign[job_id] = entry


def ledger(failures: Failures, *, enabled: bool = True) -> Ledger:
    journal: Any = SimpleNamespace(failures=failures)
    return Ledger(journal, ORG_ID, enabled=enabled)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"bookmarks": {"s": 1}}, {"bookmarks": {"s": 1, NAME: {"number": 3, "org": ORG_ID}}}),
        ({"s": 1}, {"s": 1, NAME: {"number": 3, "org": ORG_ID}}),
        ({"bookmarks": None}, {"bookmarks": None, NAME: {"number": 3, "org": ORG_ID}}),
        ([1], [1]),
    ],
)
def test_where_it_stands(state: Any, expected: Any) -> None:
    """Below `bookmarks`, where the SDK keeps it; a STATE that is no object stays as it is."""
    assert ledger(Failures()).put_in(state, 3) == expected


def test_failed_jobs_are_carried_oldest_first() -> None:
    """Of other machines too, while Salesforce keeps their results."""
    own, foreign, expired = job(), job("7503000000AbCdF", 6, Y=3), job("7503000000AbCdG", 8)
    part = ledger(Failures(own, foreign=(foreign, expired))).put_in({}, None)

    assert part == {NAME: {"failed_rows": 5, "failed_jobs": [foreign, own], "org": ORG_ID}}


def test_only_the_newest_jobs_are_carried() -> None:
    """STATE does not grow without bound; the number of rows is that of all."""
    jobs = [job(f"7503000000Ab{n:03}", days=6 - n // 10) for n in range(60)]
    part = ledger(Failures(*jobs)).put_in({}, None)[NAME]

    assert (part["failed_rows"], part["failed_jobs"]) == (120, jobs[-50:])


def test_without_the_ledger() -> None:
    """No job is carried."""
    state = {"bookmarks": {"s": 1}}

    assert ledger(Failures(job()), enabled=False).put_in(state, None) == state


RETURNED = {"bookmarks": {"s": 1, NAME: {"number": 7, "failed_jobs": [job()]}}}


def test_what_comes_back_is_taken_out() -> None:
    """With its number; its jobs are remembered."""
    failures = Failures()

    assert ledger(failures).take_out(RETURNED) == ({"bookmarks": {"s": 1}}, 7)
    assert failures.foreign == {JOB: json.dumps(job())}


@pytest.mark.parametrize(
    "state", [{"completed": {"singer_state": RETURNED}}, {"singer_state": RETURNED}]
)
def test_a_state_as_meltano_keeps_it(state: dict[str, Any]) -> None:
    """The tap's STATE lies within."""
    assert find(state) == RETURNED["bookmarks"][NAME]


def test_a_state_without_our_part() -> None:
    """It passes as it is, and says nothing about what was kept."""
    assert ledger(Failures()).take_out({"bookmarks": {"s": 1}}) == ({"bookmarks": {"s": 1}}, None)


@pytest.mark.parametrize(
    "part",
    [
        {"number": "7"},
        {"number": True},
        {"number": -1},
        {"failed_jobs": "x"},
        {"failed_jobs": [1, {"job_id": "../etc"}, {"job_id": 7}]},
    ],
)
def test_what_is_malformed_is_passed_over(part: dict[str, Any]) -> None:
    """A hand or another program may have been there."""
    failures = Failures()

    assert ledger(failures).take_out({NAME: part, "s": 1}) == ({"s": 1}, None)
    assert failures.foreign == {}


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (JOB, True),
        (f"{JOB}AAA", True),
        (f"{JOB}AA", False),
        ("0013000000AbCdE", False),
        (f"{JOB}\n", False),
        (None, False),
    ],
)
def test_ids_of_jobs(text: Any, *, known: bool) -> None:
    """They go into a path, so nothing else may pass."""
    assert is_job_id(text) is known


def test_the_part_of_another_org(caplog: pytest.LogCaptureFixture) -> None:
    """Neither its number nor its jobs are taken over, and that is said once."""
    failures = Failures()
    part = {"number": 7, "org": "00D000000000002EAA", "failed_jobs": [job()]}
    it = ledger(failures)
    taken = [it.take_out({"bookmarks": {"s": 1, NAME: part}}) for _ in range(2)]

    assert taken == [({"bookmarks": {"s": 1}}, None)] * 2
    assert failures.foreign == {}
    assert [each.message.partition(",")[0] for each in caplog.records] == [
        "The STATE was written for org 00D000000000002EAA"
    ]


@pytest.mark.parametrize("state", [{"s": 1}, [1]])
def test_news(state: Any) -> None:
    """Only what the newest STATE has not told, or would have no place for."""
    failures = Failures(job())
    known = ledger(failures)
    seen = [known.has_news]
    known.put_in(state)
    seen.append(known.has_news)
    failures.remember_foreign_job("7503000000AbCdF", json.dumps(job("7503000000AbCdF")))
    seen.append(known.has_news)

    assert (seen, ledger(failures, enabled=False).has_news) == ([True, False, True], False)
