"""The state directory: only what the program made is changed, and nobody else can read it."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from conftest import command
from singer_messages import Result, contact, schema

from target_salesforce_bulk.emulator.org.tokens import ORG_ID

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from target_salesforce_bulk.emulator import Emulator

BAD = [schema(), contact(1), contact(2, Email="nobody")]
ANYTHING = {"max_failed_percent": 100}
KEPT = ("failed", "results")
READING = (
    ("failed", "list"),
    ("failed", "show", "C-2"),
    ("failed", "export"),
    ("jobs", "list"),
)


def look(folder: Path) -> dict[str, Any]:
    """Everything in a folder: modes, times and contents. SQLite's index in memory is none."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in [folder, *folder.rglob("*")]
        if not path.name.endswith("-shm") and not path.is_dir()
    } | {str(path): path.stat().st_mode for path in [folder, *folder.rglob("*")] if path.is_dir()}


def assert_refused(result: Result, *words: str) -> None:
    assert result.code == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert [word for word in words if word not in result.last_line] == []


def test_a_folder_with_other_files(load: Callable[..., Result], tmp_path: Path) -> None:
    """It is left as it is: neither its mode nor what lies below its `batches`."""
    folder = tmp_path / "project"
    (folder / "batches" / "mine").mkdir(parents=True)
    (folder / "batches" / "mine" / "thesis.txt").write_text("years of work")
    folder.chmod(0o755)
    before = look(folder)

    result = load(BAD, state_dir=str(folder))

    assert_refused(result, str(folder), "holds files that are not this program's", "empty folder")
    assert look(folder) == before


@pytest.mark.parametrize("place", ["", "batches", "fingerprints"])
def test_a_link_below_the_folder(load: Callable[..., Result], tmp_path: Path, place: str) -> None:
    """It is not followed: nothing is made or removed behind it."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "7").mkdir(parents=True)
    (elsewhere / "7" / "thesis.txt").write_text("years of work")
    folder = tmp_path / "state"
    load([schema()])
    org = folder / ORG_ID
    if place:
        (org / place).rmdir()
        (org / place).symlink_to(elsewhere)
    else:
        org.rename(tmp_path / "moved")
        org.symlink_to(elsewhere)
    before = look(elsewhere)

    result = load(BAD)

    assert_refused(result, str(org / place), "is a symbolic link")
    assert look(elsewhere) == before


@pytest.mark.parametrize("place", ["failed", "results"])
def test_a_link_in_the_place_of_a_report(
    load: Callable[..., Result], tmp_path: Path, place: str
) -> None:
    """Rows do not go where somebody else may read them."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    load([schema()])
    (tmp_path / "state" / ORG_ID / place).symlink_to(elsewhere)

    result = load(BAD, save_results="all", **ANYTHING)

    assert (result.code, list(elsewhere.iterdir())) == (1, [])
    assert "is a symbolic link" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_link_that_the_user_named(load: Callable[..., Result], tmp_path: Path) -> None:
    """A folder may be named by a link to it."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")

    result = load(BAD, state_dir=str(tmp_path / "link"), **ANYTHING)

    assert (result.code, (tmp_path / "disk" / ORG_ID).is_dir()) == (0, True), result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root gives a link to another user.")
@pytest.mark.parametrize("below", ["", "state"])
def test_a_link_of_another_user(load: Callable[..., Result], tmp_path: Path, below: str) -> None:
    """Who made it chooses where rows go, wherever in the path it stands."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    (tmp_path / "own").symlink_to(tmp_path / "link")
    os.lchown(tmp_path / "link", 12345, -1)

    result = load(BAD, state_dir=str(tmp_path / "own" / below), **ANYTHING)

    assert_refused(result, str(tmp_path / "link"), "symbolic link of another user")
    assert list((tmp_path / "disk").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root gives a folder to another user.")
@pytest.mark.parametrize("place", ["", ORG_ID])
def test_a_folder_of_another_user(load: Callable[..., Result], tmp_path: Path, place: str) -> None:
    """Its owner could read what is put there."""
    load([schema()])
    folder = tmp_path / "state" / place
    os.chown(folder, 12345, -1)

    assert_refused(load(BAD), str(folder), "belongs to another user")


def test_only_what_the_journal_made_is_removed(load: Callable[..., Result]) -> None:
    """Folders of its own batches go; whatever else somebody put beside them stays."""
    org = load([schema()]).org_dir
    kept = [org / "batches" / name for name in ("notes", "99", "1.backup")]
    kept += [org / "fingerprints" / name for name in ("notes", "1.rows.old")]
    for path in kept:
        path.mkdir()
    load(BAD, **ANYTHING)

    result = load([schema()])

    assert result.code == 0, result.stderr
    assert [path for path in kept if not path.is_dir()] == []
    assert {path.name for path in (org / "batches").iterdir()} == {"notes", "99", "1.backup"}


@pytest.mark.parametrize("umask", [0, 0o777])
def test_modes_whatever_the_umask(
    org: Emulator, config: dict[str, Any], tmp_path: Path, umask: int
) -> None:
    """Files are 0600 and folders 0700: also the refresh token, the CSVs and the parents."""
    org.configure(rotate_refresh_tokens=True)
    settings = {"refresh_token": org.refresh_token, "auth_method": "refresh_token"}
    settings |= {"state_dir": str(tmp_path / "deep" / "state"), "save_results": "all"}
    line = command(config | settings | ANYTHING, tmp_path)
    result = subprocess.run(
        line,
        input="".join(f"{json.dumps(each)}\n" for each in BAD),
        text=True,
        capture_output=True,
        check=False,
        umask=umask,
        cwd=tmp_path,
    )

    assert result.returncode == 0, result.stderr
    paths = [tmp_path / "deep", *(tmp_path / "deep").rglob("*")]
    modes = {path.is_dir(): set() for path in paths}
    for path in paths:
        modes[path.is_dir()].add(stat.S_IMODE(path.stat().st_mode))
    assert modes == {True: {0o700}, False: {0o600}}
    kinds = {path.suffix for path in paths}
    assert kinds >= {".json", ".lock", ".org", ".csv", ".sqlite3"}


@pytest.mark.parametrize("arguments", READING)
def test_reading_changes_nothing(
    load: Callable[..., Result], act: Any, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """Neither where there is nothing, nor in what a run left."""
    nothing = act(*arguments)
    made = [path.name for path in tmp_path.iterdir()]
    result = load(BAD, **ANYTHING)
    before = look(result.state_dir)
    something = act(*arguments)

    assert made == ["config.json"]
    assert "No run has left anything in the state directory" in nothing.stderr
    assert look(result.state_dir) == before
    assert "Contact" in something.stdout


def test_old_runs_are_deleted(load: Callable[..., Result], act: Any, tmp_path: Path) -> None:
    """After `keep_days`: their jobs, results and CSVs, but not those of a row that is still failed.

    A discarded row keeps nothing.
    """
    settings = {"save_results": "all", **ANYTHING}
    org = tmp_path / "state" / ORG_ID
    load([schema(), contact(3)], **settings)
    load(BAD, **settings)
    load([schema()], **settings)  # releases the batches of a tap without STATE
    _, with_failed, _ = runs = [f"2020010{number}T000000Z-0000" for number in (1, 2, 3)]
    _make_old(org, runs)
    load([schema(), contact(4)], keep_days=30, **settings)
    left = {each: sorted(run.name for run in (org / each).iterdir()) for each in KEPT}

    assert (left["failed"], left["results"][:-1]) == ([with_failed], [with_failed])
    assert [job["run_id"] for job in _jobs(act, **settings)][1:] == [with_failed]
    act("failed", "discard", "--all", **settings)
    load([schema()], keep_days=30, **settings)
    assert [*(org / "failed").iterdir()] == []
    assert [each.name for each in (org / "results").iterdir()] == left["results"][1:]
    assert len(_jobs(act, **settings)) == 1


def _make_old(org: Path, names: list[str]) -> None:
    """Let the runs of an org's folder have started years ago."""
    with closing(sqlite3.connect(org / "journal.sqlite3")) as db, db:
        runs = [run for (run,) in db.execute("SELECT id FROM runs ORDER BY rowid")]
        for run, name in zip(runs, names, strict=True):
            db.execute("UPDATE runs SET id = ?, started_at = '2020' WHERE id = ?", (name, run))
            for table in ("batches", "failed_rows"):
                db.execute(f"UPDATE {table} SET run_id = ? WHERE run_id = ?", (name, run))
            for folder in KEPT:
                if (org / folder / run).exists():
                    (org / folder / run).rename(org / folder / name)
        db.execute("UPDATE batches SET changed_at = '2020'")


def _jobs(act: Any, **settings: Any) -> Any:
    return json.loads(act("jobs", "list", "--json", **settings).stdout)


def test_reading_beside_a_run_and_after_it_was_killed(
    start: Any, load: Callable[..., Result], act: Any, tmp_path: Path
) -> None:
    """`jobs list` and `failed list` show what is stored, and leave it as it is."""
    settings = {"batch_size_rows": 2, **ANYTHING}
    with start(**settings) as running:
        running.stdin.write(
            "".join(f"{json.dumps(each)}\n" for each in [*BAD, contact(3), contact(4)])
        )
        running.stdin.flush()
        for _ in range(15):
            if "settled" in act("jobs", "list", **settings).stdout:
                break
            time.sleep(0.1)
        beside = [act(*each, **settings) for each in READING]
        discard = act("failed", "discard", "--all", **settings)
        running.kill()
    before = look(tmp_path / "state")
    after = [act(*each, **settings) for each in READING]

    assert [each.returncode for each in beside] == [1, 0, 0, 0]
    assert (discard.returncode, "is in use by process" in discard.stderr) == (1, True)
    assert [each.stdout for each in after] == [each.stdout for each in beside]
    assert look(tmp_path / "state") == before
    assert load([schema()]).code == 0


def test_git_never_takes_rows(load: Callable[..., Result], tmp_path: Path) -> None:
    """The folder ignores itself, wherever in a project it lies."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    load(BAD, **ANYTHING)

    status = ["git", "status", "--porcelain", "--ignored=no", "-uall"]
    found = subprocess.run(status, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout == "?? config.json\n"


@pytest.mark.parametrize(
    ("state_dir", "words"),
    [
        ("", "state_dir is empty"),
        ("  ", "state_dir is empty"),
        ("$NOT_SET_HERE/state", "state_dir refers to $NOT_SET_HERE, which is not set"),
        ("~nobody-at-all/state", "state_dir refers to the home folder of a user who has none"),
        ("a\0b", "state_dir contains a null character"),
    ],
)
def test_a_path_that_names_nothing(
    load: Callable[..., Result], tmp_path: Path, state_dir: str, words: str
) -> None:
    """It is refused; no folder of that name is made."""
    assert_refused(load(BAD, state_dir=state_dir), words)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_a_path_as_a_shell_reads_it(
    load: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The home and variables."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PROJECT", str(tmp_path / "project"))
    (tmp_path / "home").mkdir()

    for state_dir in ("~/state", "${PROJECT}/state"):
        assert load([schema()], state_dir=state_dir).code == 0
    assert (tmp_path / "home" / "state" / ORG_ID).is_dir()
    assert (tmp_path / "project" / "state" / ORG_ID).is_dir()
