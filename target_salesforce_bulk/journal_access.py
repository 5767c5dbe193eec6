"""Opens the journal for commands that do not log in."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from target_salesforce_bulk.journal.journal import SqliteJournal
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.state_directory import JOURNAL, StateDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.settings import Settings

logger = logging.getLogger(__name__)


@contextmanager
def journal_to_read(settings: Settings, org: str | None) -> Iterator[SqliteJournal | None]:
    """The journal of an org, also beside a run; None where there is none. Nothing is changed.

    Args:
        settings: Say where it is; see `StateDirectory.find`.
        org: The id of the org, if the user named it.

    Raises:
        SettingsError: it is not clear which org is meant.
        StateDirectoryError: it cannot be read.
    """
    with _journal(settings, org, read_only=True) as journal:
        yield journal


@contextmanager
def journal_to_change(settings: Settings, org: str | None) -> Iterator[SqliteJournal | None]:
    """The same to remove something from it, which waits for no run.

    Raises:
        SettingsError: as above.
        StateDirectoryError: as above, or a run uses it.
    """
    with _journal(settings, org, read_only=False) as journal:
        yield journal


@contextmanager
def _journal(
    settings: Settings, org: str | None, *, read_only: bool
) -> Iterator[SqliteJournal | None]:
    directory = StateDirectory(settings.state_dir, settings.login)
    folder = directory.find(org, to_change=not read_only)
    if folder is None or not (folder / JOURNAL).exists():
        logger.warning(
            "No run has left anything in the state directory %s",
            directory.path,
            extra=log_facts(LogCode.STATE_DIRECTORY_EMPTY),
        )
        yield None
        return
    with SqliteJournal(folder, read_only=read_only) as journal:
        yield journal
