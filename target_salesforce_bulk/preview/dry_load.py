"""A load within a pipeline that reads everything, sends nothing and says what it would do."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import LoadError
from target_salesforce_bulk.journal.batch import Counts
from target_salesforce_bulk.loading.guards.thresholds import Thresholds
from target_salesforce_bulk.loading.tally import StreamTally
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.preview.check import Preflight
from target_salesforce_bulk.printing import print_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.settings import Settings
    from target_salesforce_bulk.singer.intake import Intake

logger = logging.getLogger(__name__)


class DryLoad:
    """See `OpenRun`. Prints to stderr, as stdout is for STATE; and it writes none.

    Args:
        settings: The settings.
        client: The connection to the org.

    Raises:
        SalesforceError: the org cannot be used.
    """

    def __init__(self, settings: Settings, client: Client) -> None:
        logger.warning(
            "dry_run is on: nothing is sent to Salesforce, and no STATE is written",
            extra=log_facts(LogCode.DRY_RUN),
        )
        self._preflight = Preflight(settings, client, partial(print_lines, err=True))
        self._preflight.check_org()
        self._thresholds = Thresholds(
            max_failed_percent=settings.max_failed_percent, max_failed_rows=settings.max_failed_rows
        )
        self._open = ExitStack()
        self._run = self._open.enter_context(self._preflight.dry_run())

    @property
    def intake(self) -> Intake:
        """See `OpenRun.intake`."""
        return self._run

    def finish(self) -> None:
        """See `OpenRun.finish`.

        Raises:
            LoadError: a stream would be stopped, or have too many failed rows.
        """
        self._preflight.show(self._run)
        if problems := [*self._preflight.problems, *self._too_many_refused()]:
            raise LoadError(f"Nothing was sent. A load would fail: {' '.join(problems)}")

    def _too_many_refused(self) -> Iterator[str]:
        for stream, count in self._run.counts.items():
            counts = Counts(loaded=count.rows, failed=count.refused, refused=count.refused)
            sobject = self._run.resolved[stream].sobject.name
            yield from self._thresholds.problems(
                StreamTally(stream=stream, sobject=sobject, counts=counts)
            )

    def stop(self) -> None:
        """See `OpenRun.stop`; nothing is under way."""

    def close(self) -> None:
        """See `OpenRun.close`."""
        self._open.close()
