"""The report files of an org."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import msgspec
import pytest
from sample_reports import RUN, big, make_report

from target_salesforce_bulk.errors import SettingsError, StateDirectoryError
from target_salesforce_bulk.reporting.report.files import (
    find_report,
    read_report,
    report_files,
    write_report,
)

if TYPE_CHECKING:
    from pathlib import Path

RUNS = ["20261124T033524Z-9b70", "20261124T033524Z-0aaa", "20261125T033524Z-9b71"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the reports of three runs, two of which began in one second."""
    for place, run in enumerate(RUNS):
        path = write_report(tmp_path, make_report(run=run))
        os.utime(path, (place, place))
    return tmp_path


def test_a_report_is_private_and_comes_back(tmp_path: Path) -> None:
    """For its owner only, and nothing else is left in the folder."""
    path = write_report(tmp_path, big())

    assert read_report(path) == big()
    assert [each.name for each in path.parent.iterdir()] == [f"{RUN}.json"]
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o600, 0o700]


def test_the_order_of_runs(folder: Path) -> None:
    """By time; other files of the folder are left alone."""
    (folder / "reports" / "notes.json").write_text("{}")
    (folder / "reports" / f"{RUN}.html").write_text("")

    assert [each.stem for each in report_files(folder)] == RUNS


def test_no_folder_has_no_reports(tmp_path: Path) -> None:
    """No run has ended yet."""
    assert report_files(tmp_path) == []
    with pytest.raises(SettingsError, match="no run has ended yet"):
        find_report(tmp_path, "latest")


@pytest.mark.parametrize(
    ("run", "found"), [("latest", 2), (RUNS[0], 0), ("20261124T033524Z-0", 1), ("20261125", 2)]
)
def test_a_run_is_found(folder: Path, run: str, found: int) -> None:
    """By its ID, by the beginning of it, and as the newest one."""
    assert find_report(folder, run).stem == RUNS[found]


@pytest.mark.parametrize(
    ("run", "why"),
    [("20261124", "2 reports begin with 20261124"), ("../x", r"No report is of run \.\./x")],
)
def test_a_run_that_is_not_clear(folder: Path, run: str, why: str) -> None:
    """The message says so, and how to see them all; a path is no run."""
    with pytest.raises(SettingsError, match=f"{why}. `target-salesforce-bulk report list`"):
        find_report(folder, run)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"{", "it is no report"),
        (b"[]", "it is no report"),
        (b'{"version": 2}', r"a later version of this program wrote it \(format 2\)"),
    ],
)
def test_what_is_no_report(tmp_path: Path, text: bytes, why: str) -> None:
    """A damaged file, and one of a later format."""
    path = tmp_path / "x.json"
    path.write_bytes(text)

    with pytest.raises(StateDirectoryError, match=f"cannot be read: {why}"):
        read_report(path)


def test_a_field_of_a_later_version_is_ignored(tmp_path: Path) -> None:
    """As long as the version of the format is the same."""
    path = tmp_path / "x.json"
    path.write_bytes(msgspec.json.encode(msgspec.to_builtins(make_report()) | {"new": 1}))

    assert read_report(path) == make_report()
