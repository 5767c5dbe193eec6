"""Deletes what old runs left in the state directory: journal rows, CSVs, results and reports."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from target_salesforce_bulk.private_files import UsingFiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_salesforce_bulk.journal.port import Journal

#: Folders of what each run leaves for people, in a file or folder named after the run.
_FOLDERS = ("failed", "reports", "results")
_OF_RUN = re.compile(r"(?P<run>(?P<time>\d{8}T\d{6}Z)-[0-9a-f]{4})(\.\w+)*", re.ASCII)


def delete_old(journal: Journal, keep_days: int) -> None:
    """Delete what is older than some days and not needed any more.

    Failed rows that are still stored stay, and so do their run's files. Names that are not those of
    a run are somebody else's.

    Args:
        journal: The journal, which no other thread uses yet.
        keep_days: Days.

    Raises:
        StateDirectoryError: the journal cannot be written, or a folder cannot be read.
    """
    before = datetime.now(UTC) - timedelta(days=keep_days)
    journal.delete_old(before.isoformat(timespec="milliseconds"))
    with UsingFiles(journal.state_dir):
        for run, path in list(_older(journal.state_dir, before)):
            if not journal.failures.streams(run):
                _delete(path)


def _older(state_dir: Path, before: datetime) -> Iterator[tuple[str, Path]]:
    """The runs that started earlier, with a file or folder of each."""
    limit = f"{before:%Y%m%dT%H%M%SZ}"
    for folder in (state_dir / name for name in _FOLDERS):
        if folder.is_dir() and not folder.is_symlink():
            for path in folder.iterdir():
                found = _OF_RUN.fullmatch(path.name)
                if found and found["time"] < limit:
                    yield found["run"], path


def _delete(path: Path) -> None:
    """Delete a file or folder, but nothing that a link leads to; the next run tries again."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
