"""Exports of one run; none of them can cost a row, an exit code, or more than a few seconds."""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol, Self

from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.reporting.exports.receivers import OneWarning, explain
from target_salesforce_bulk.reporting.exports.totals import RunEnd, Totals
from target_salesforce_bulk.reporting.exports.variables import wanted_signals, wants_lineage
from target_salesforce_bulk.salesforce.meter import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from target_salesforce_bulk.journal.failure_store import FailureGroup
    from target_salesforce_bulk.loading.events import Event
    from target_salesforce_bulk.loading.tally import StreamTally
    from target_salesforce_bulk.salesforce.limits import ApiUsage

logger = logging.getLogger(__name__)

#: How long the end of a run waits for receivers.
_PATIENCE_SECONDS = 5.0


class Export(Protocol):
    """One system that learns what a run does. Only `ended` may wait for it."""

    #: Says that it fails.
    warning: OneWarning

    def opened(self, run_id: str, org_url: str) -> None:
        """The run has logged in."""

    def observe(self, event: Event) -> None:
        """Take an event; no two at once, but on any thread."""

    def input_ended(self, records: int) -> None:
        """The input was read to its end."""

    def ended(self, end: RunEnd) -> None:
        """The run is over; pass on all that is left."""


class Exports:
    """The exports of one run.

    Args:
        exports: What is told.
        patience_seconds: How long the end of the run waits for them.
    """

    def __init__(
        self, exports: Sequence[Export] = (), patience_seconds: float = _PATIENCE_SECONDS
    ) -> None:
        self._exports = list(exports)
        self._patience_seconds = patience_seconds
        self._totals = Totals()
        self._started = time.monotonic()

    @classmethod
    def begin(cls, metrics_file: Path | None) -> Self:
        """Begin the exports that the settings and the environment ask for.

        Args:
            metrics_file: Where metrics are written; None for nowhere.
        """
        makers: list[tuple[str, str, Callable[[], Export]]] = []
        if metrics_file is not None:
            makers.append(("metrics_file", "", partial(_metrics_file, metrics_file)))
        if signals := wanted_signals(os.environ):
            makers.append(("OpenTelemetry", "opentelemetry", partial(_open_telemetry, signals)))
        if wants_lineage(os.environ):
            makers.append(("OpenLineage", "openlineage", _open_lineage))
        made = (_made(name, extra, make) for name, extra, make in makers)
        return cls([each for each in made if each is not None])

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Within this context, an error is the end of the run."""
        try:
            yield
        except BaseException as error:
            self.end(error=error, succeeded=False)
            raise

    def opened(self, run_id: str, org_url: str) -> None:
        """Note that the run has logged in.

        Args:
            run_id: Its id.
            org_url: The address of the org.
        """
        self._each(lambda export: export.opened(run_id, org_url))

    def observe(self, event: Event) -> None:
        """Pass an event on."""
        self._totals.observe(event)
        self._each(lambda export: export.observe(event))

    def input_ended(self, streams: Sequence[StreamTally]) -> None:
        """Note that the input was read to its end."""
        records = sum(each.read for each in streams)
        self._each(lambda export: export.input_ended(records))

    def end(
        self,
        *,
        succeeded: bool,
        error: BaseException | None = None,
        streams: Sequence[StreamTally] = (),
        failures: Callable[[], Sequence[FailureGroup]] = tuple,
        traffic: Traffic | None = None,
        usage: ApiUsage | None = None,
    ) -> None:
        """End the exports; waits for their receivers, for a limited time.

        Args:
            succeeded: Whether the run was a success.
            error: What ended it; None if that is not known.
            streams: The totals of each stream.
            failures: Looks up the rows that were stored as failed.
            traffic: What was sent; None for nothing.
            usage: How much of the org's API requests is used; None where that is unknown.
        """
        if self._exports:
            self._end_within(
                RunEnd(
                    succeeded=succeeded,
                    error=error,
                    ended_at=time.time(),
                    seconds=time.monotonic() - self._started,
                    loads=self._totals.loads,
                    streams=tuple(streams),
                    failures=_looked_up(failures),
                    traffic=traffic or Traffic(),
                    usage=usage,
                )
            )

    def _end_within(self, end: RunEnd) -> None:
        """End all exports at once, each on a thread of its own, which may be left behind."""
        deadline = time.monotonic() + self._patience_seconds
        threads = [
            threading.Thread(
                target=self._tell, args=(export, lambda each: each.ended(end)), daemon=True
            )
            for export in self._exports
        ]
        for thread in threads:
            thread.start()
        for export, thread in zip(self._exports, threads, strict=True):
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                export.warning.warn(
                    f"gave up after {self._patience_seconds:g} seconds, and what was not delivered "
                    "by then is lost"
                )
        self._exports = []

    def _each(self, act: Callable[[Export], None]) -> None:
        for export in self._exports:
            if not self._tell(export, act):
                self._exports = [each for each in self._exports if each is not export]

    def _tell(self, export: Export, act: Callable[[Export], None]) -> bool:
        """Tell an export something; False if it fails, which is logged."""
        try:
            act(export)
        except Exception as error:  # noqa: BLE001 - whatever it is, the load goes on
            export.warning.warn(f"{explain(error)}. Nothing more of this run goes there")
            return False
        return True


def _made(name: str, extra: str, make: Callable[[], Export]) -> Export | None:
    """An export; None if it cannot be made, which is logged."""
    try:
        return make()
    except ImportError as error:
        OneWarning(name).warn(
            f"its environment variables are set, but {explain(error)}. It needs the extra: pip "
            f"install 'target-salesforce-bulk[{extra}]'"
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the load goes on
        OneWarning(name).warn(f"{explain(error)}. Nothing of this run goes there")
    return None


def _looked_up(failures: Callable[[], Sequence[FailureGroup]]) -> tuple[FailureGroup, ...]:
    try:
        return tuple(failures())
    except Exception as error:  # noqa: BLE001 - such as a full disk
        logger.warning(
            "The errors of the run are missing in its metrics: %s",
            explain(error),
            extra=log_facts(LogCode.EXPORT_INCOMPLETE),
        )
        return ()


def _metrics_file(path: Path) -> Export:
    from target_salesforce_bulk.reporting.exports.metrics_file import MetricsFile  # takes long

    return MetricsFile(path)


def _open_telemetry(signals: frozenset[str]) -> Export:
    from target_salesforce_bulk.reporting.exports.otlp import OtlpExport  # needs an extra

    return OtlpExport(signals)


def _open_lineage() -> Export:
    from target_salesforce_bulk.reporting.exports.lineage import LineageExport  # needs an extra

    return LineageExport()
