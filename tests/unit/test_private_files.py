"""Files of the state directory are replaced whole, and their errors are one line."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.private_files import UsingFiles, check_writable, rewrite

FOLDER = Path("state")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced(tmp_path: Path) -> None:
    """By one that only its owner may read; no draft is left."""
    path = tmp_path / "rows.csv"
    path.write_text("old")
    with rewrite(path) as file:
        file.write(b"new")
        during = path.read_text()

    assert (during, path.read_text(), names(tmp_path)) == ("old", "new", ["rows.csv"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    """And no draft."""
    path = tmp_path / "rows.csv"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), rewrite(path) as file:
        file.write(b"new" * (1 // 0))

    assert (path.read_text(), names(tmp_path)) == ("old", ["rows.csv"])


def test_a_link_in_the_place_of_the_draft_is_not_followed(tmp_path: Path) -> None:
    """Somebody else's file stays as it was."""
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "rows.csv.draft").symlink_to(precious)
    with rewrite(tmp_path / "rows.csv") as file:
        file.write(b"new")

    assert precious.read_text() == "precious"
    assert (tmp_path / "rows.csv").read_text() == "new"


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "Free some space"),
        (sqlite3.OperationalError("database or disk is full"), "Free some space"),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE)), "ulimit -n"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS)), "Make it writable"),
        (sqlite3.DatabaseError("malformed"), "Make it writable"),
    ],
)
def test_an_error_is_one_line_with_a_remedy(error: Exception, remedy: str) -> None:
    """Which folder, what happened, what to do."""
    with pytest.raises(StateDirectoryError, match=remedy) as caught, UsingFiles(FOLDER):
        raise error

    assert str(caught.value).startswith(f"The state directory state cannot be used: {error}. ")


def test_other_errors_pass(tmp_path: Path) -> None:
    """They are not the state directory's."""
    with pytest.raises(ZeroDivisionError), UsingFiles(tmp_path):
        raise ZeroDivisionError


def test_a_folder_in_which_nothing_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is there already or has to be made first."""
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)  # root may do all
    (tmp_path / "mine").mkdir()

    check_writable(tmp_path / "mine" / "new")
    for path in (tmp_path, tmp_path / "new" / "newer"):
        with pytest.raises(PermissionError, match=str(tmp_path)):
            check_writable(path)
