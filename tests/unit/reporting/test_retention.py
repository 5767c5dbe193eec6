"""Files of old runs go; files with rows that are still failed, and those of others, stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.reporting.retention import delete_old

if TYPE_CHECKING:
    from pathlib import Path


def run_id(days: int, tail: str = "00ff") -> str:
    return f"{datetime.now(UTC) - timedelta(days=days):%Y%m%dT%H%M%SZ}-{tail}"


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    """A journal without failed rows, which notes what it is told."""
    before: list[str] = []
    failures = SimpleNamespace(streams=lambda run: [])
    return SimpleNamespace(
        state_dir=tmp_path, before=before, delete_old=before.append, failures=failures
    )


def make(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def left(folder: Path) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}


def test_files_of_old_runs_go(journal: Any, tmp_path: Path) -> None:
    """CSVs, results and reports."""
    old, new = run_id(11), run_id(9)
    for run in (old, new):
        for name in (f"failed/{run}/a.csv", f"results/{run}/a-1.csv", f"reports/{run}.json"):
            make(tmp_path / name)
    delete_old(journal, 10)

    assert left(tmp_path) == {
        f"failed/{new}/a.csv",
        f"results/{new}/a-1.csv",
        f"reports/{new}.json",
    }
    (before,) = journal.before
    age = datetime.now(UTC) - datetime.fromisoformat(before)
    assert timedelta(days=10) <= age < timedelta(days=10, minutes=5)


def test_rows_that_are_still_failed_keep_their_files(journal: Any, tmp_path: Path) -> None:
    """Someone has to correct them yet."""
    run = run_id(100)
    make(tmp_path / f"failed/{run}/a.csv")
    journal.failures.streams = lambda asked: ["a"] if asked == run else []
    delete_old(journal, 10)

    assert left(tmp_path) == {f"failed/{run}/a.csv"}


def test_what_is_not_of_a_run_stays(journal: Any, tmp_path: Path) -> None:
    """A user's file, and what a link leads to."""
    kept = make(tmp_path / "elsewhere/rows.csv")
    make(tmp_path / "failed/corrected.csv")
    make(tmp_path / f"failed/{run_id(99)} corrected/a.csv")
    (tmp_path / "results").mkdir()
    link = tmp_path / "results" / run_id(99)
    link.symlink_to(kept.parent)
    delete_old(journal, 10)

    assert kept.exists()
    assert not link.is_symlink()
    assert len(left(tmp_path / "failed")) == 2
